package relay

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Task is one pair's part of a plan.
type Task struct {
	Pair   store.PairID
	Action Action
	// Approved: a person has seen that it deletes.
	Approved bool
	// Held: a run before this one held it back (rule.HoldDeletion). It waits for a person's
	// word also when few are left, because the others were answered or are there again.
	Held bool
	// Lost: no run may let it pass without a person's word (rule.HoldLost).
	Lost bool
}

// Brake limits deletions of one run.
type Brake struct {
	// Absolute is how many deletions are always allowed.
	Absolute int
	// Share is the part of the living pairs (0 to 1) that may be deleted when
	// there are more than Absolute.
	Share float64
	// Off lets everything pass: a person has looked.
	Off bool
	// Each wants a person to approve each deletion.
	Each bool
	// Lately is how many deletions the runs of the last minutes did that nobody was asked about. A device that
	// empties a calendar deletes item by item, and each of the runs that this brings about has only a few.
	Lately int
}

// brakeSpan is how long a deletion counts for those that come after it.
const brakeSpan = 10 * time.Minute

// brake is the deletion brake of a run.
func brake(r rule.Rules, off bool) Brake {
	return Brake{Absolute: r.BrakeAbsolute, Share: r.BrakeShare, Off: off, Each: r.Approve}
}

// Planned is a run in order.
type Planned struct {
	Tasks []Task
	// Withheld are the deletions that were not allowed; Reason says why, in plain
	// words, "" when nothing was withheld.
	Withheld []Task
	Reason   string
}

// Plan orders a run: agreement first, then creations, changes and merges, and
// deletions last, so that an item that moved is there before it goes. living is
// the number of pairs whose item the remote still has (store.CountPairs); those that
// are gone there and about to go here are added to it, so that the share is one of all
// that were there.
func Plan(tasks []Task, living int, b Brake) Planned {
	ordered := slices.Clone(tasks)
	slices.SortStableFunc(ordered, func(x, y Task) int { return cmp.Compare(rank(x.Action), rank(y.Action)) })
	i, _ := slices.BinarySearchFunc(ordered, rank(DeleteLocal), func(t Task, r int) int { return cmp.Compare(rank(t.Action), r) })
	allowed, deletions, kept := ordered[:i:i], []Task(nil), []Task(nil)
	many := 0
	for _, t := range ordered[i:] {
		if t.Action == DeleteLocal {
			living++
		}
		if !t.Approved && !t.Lost {
			many++
		}
		switch {
		case t.Approved:
			allowed = append(allowed, t)
		case t.Held || t.Lost:
			kept = append(kept, t)
		default:
			deletions = append(deletions, t)
		}
	}
	all := many + b.Lately
	few := all <= b.Absolute || float64(all) <= b.Share*float64(living+b.Lately)
	switch withheld := slices.Concat(deletions, kept); {
	case len(withheld) == 0, b.Off, few && !b.Each && len(kept) == 0:
		return Planned{Tasks: ordered}
	case !few:
		return Planned{Tasks: allowed, Withheld: withheld,
			Reason: b.tooMany(many, living)}
	case b.Each:
		return Planned{Tasks: allowed, Withheld: withheld, Reason: waiting(len(withheld))}
	}
	return Planned{Tasks: append(allowed, deletions...), Withheld: kept, Reason: waiting(len(kept))}
}

func (b Brake) tooMany(many, living int) string {
	const what = "; look at them and allow the deletions, or undo them"
	if b.Lately == 0 {
		return fmt.Sprintf("%d of %d items would be deleted", many, living) + what
	}
	return fmt.Sprintf("%d of %d items would be deleted, after %d others in the last %d minutes", many, living, b.Lately, int(brakeSpan.Minutes())) + what
}

func waiting(n int) string {
	return fmt.Sprintf("%d deletions wait to be approved or rejected", n)
}

// SuddenlyEmpty refuses a listing without a single item that would make known ones
// disappear: far more often a fault (rights, filter, half an answer) than the
// truth. missing are known items that are neither listed nor found one by one;
// items that only left the window are not among them.
func SuddenlyEmpty(listed, missing int, b Brake) (reason string, hold bool) {
	if listed > 0 || missing == 0 || b.Off {
		return "", false
	}
	return fmt.Sprintf("the remote suddenly has nothing, and %d known items with it; nothing was deleted. If that is right, allow the deletions", missing), true
}

func deletes(a Action) bool { return a == DeleteLocal || a == DeleteRemote }

func rank(a Action) int {
	switch a {
	case Nothing, Forget, Agree, Part:
		return 0
	case CreateLocal, CreateRemote:
		return 1
	case UpdateLocal, UpdateRemote, Reconcile:
		return 2
	}
	return 3 // DeleteLocal, DeleteRemote
}
