package rule

import (
	"fmt"
	"strings"
	"time"

	"crmbridge/pim"
)

// Question is one item on its way.
type Question struct {
	Way Way
	// Item as it is where it comes from; for a deletion, as it was last.
	Item pim.Item
	// Start and End bound the item over all its occurrences; zero is open.
	Start, End time.Time
	// Tie is what a person said of the pair.
	Tie Tie
	// Off: the rules have a category that switches items on (Rules.Category), and this one does not carry it; OffSays is
	// why, in words.
	Off     bool
	OffSays string
	// Along: it comes along with another record that points at it, by a rule that is in force.
	Along bool
	// Mails: the remote mails the attendees of what is written to it, whatever a driver
	// does; Invited: the copy there has some.
	Mails, Invited bool
	Now            time.Time
}

// Tie is what a person said about one item, over the rules of link and mode.
type Tie string

// Ties.
const (
	TieNone Tie = ""         // nothing: the rules decide
	Linked  Tie = "linked"   // is to be synced
	Apart   Tie = "unlinked" // both copies stay, and nothing is carried over
	// Moved: as Apart, because a person moved one of the copies to a collection without a link; it ends when that is moved back.
	Moved Tie = "moved"
)

// Parts reports that both copies stay, and nothing is carried over.
func (t Tie) Parts() bool { return t == Apart || t == Moved }

// Verdict is what the rules make of a question.
type Verdict struct {
	// Create: it may be made on the other side. Carry: its changes may be carried over,
	// and, with Delete, its deletion.
	Create, Carry, Delete bool
	// Masked: what goes over is the mask of the item, and of what comes back only the
	// open fields are taken.
	Masked bool
	// Alone: it goes over without its attendees.
	Alone bool
	// Away: it is not to be on the other side at all, not even if it was there before.
	Away bool
	// Hold is why it waits for a person before it is made; "" when it does not.
	Hold Hold
	// Reasons are the rules that had a say, in the order they were asked.
	Reasons []Reason
}

// Hold is a word for what an item waits for.
type Hold string

// Holds.
const (
	HoldNone Hold = ""
	HoldType Hold = "type" // until somebody chooses its type
	// HoldSeries: it repeats, and the remote keeps nothing that does.
	HoldSeries Hold = "series"
	// HoldDeletion: it is gone on one side, and a person is to say what becomes of the
	// other copy; HoldApproved and HoldRejected are the answers, until a run has acted.
	HoldDeletion Hold = "deletion"
	// HoldLost: as HoldDeletion, and no run lets it pass without a person's word: the remote
	// lost items, of which only newer ones were sent again.
	HoldLost     Hold = "lost"
	HoldApproved Hold = "approved"
	HoldRejected Hold = "rejected"
)

// AsksDeletion reports that a person is to say whether an item is deleted.
func (h Hold) AsksDeletion() bool { return h == HoldDeletion || h == HoldLost }

// Says is what an item waits for, in words; "" for HoldNone.
func (h Hold) Says() string {
	switch h {
	case HoldType:
		return "waits for a type"
	case HoldSeries:
		return "repeats, and the remote keeps nothing that does"
	case HoldDeletion:
		return "gone on one side: approve or reject its deletion on the other"
	case HoldLost:
		return "gone there when what is newer was sent again: approve or reject its deletion here"
	case HoldApproved:
		return "its deletion is approved"
	case HoldRejected:
		return "its deletion is rejected"
	}
	return ""
}

// Holds are all that an item may wait for.
func Holds() []Hold {
	return []Hold{HoldType, HoldSeries, HoldDeletion, HoldLost, HoldApproved, HoldRejected}
}

// Reason is one rule's say.
type Reason struct {
	// Rule is its name in the stored form: "out.create".
	Rule string `json:"rule"`
	// Holds says that the item passes it.
	Holds bool `json:"holds"`
	// Says what it found, in plain words. It names types and days, never the content
	// of an item.
	Says string `json:"says"`
}

// Judge answers a question. It is total and pure.
func (r Rules) Judge(q Question) Verdict {
	j := judgement{rules: r, q: q, name: "in", flow: r.In}
	if q.Way == Outward {
		j.name, j.flow = "out", r.Out
	}
	v := &j.verdict
	v.Create, v.Carry, v.Delete = true, true, true
	j.tie()
	j.category()
	j.direction()
	j.kind()
	j.message()
	j.types()
	j.private()
	j.attendees()
	j.window()
	j.archive()
	if q.Way == Inward {
		j.scope()
	} else {
		j.defaultType()
	}
	v.Delete = v.Delete && v.Carry
	return *v
}

type judgement struct {
	rules   Rules
	q       Question
	name    string // "in", "out"
	flow    Flow
	verdict Verdict
}

func (j *judgement) says(rule string, holds bool, format string, args ...any) {
	j.verdict.Reasons = append(j.verdict.Reasons, Reason{Rule: rule, Holds: holds, Says: fmt.Sprintf(format, args...)})
}

// forbid notes a rule that keeps an item from being made or its changes from being
// carried.
func (j *judgement) forbid(create, carry bool, rule, format string, args ...any) {
	j.verdict.Create = j.verdict.Create && !create
	j.verdict.Carry = j.verdict.Carry && !carry
	j.says(rule, false, format, args...)
}

func (j *judgement) tie() {
	switch j.q.Tie {
	case Apart:
		j.forbid(true, true, "tie", "a person unlinked it: both copies stay as they are")
	case Moved:
		j.forbid(true, true, "tie", "one of its copies was moved to a collection without a link: both stay as they are")
	case Linked:
		j.says("tie", true, "a person linked it")
	default:
		// An item that carries the category of the link is linked by that.
		if j.rules.OnlyLinked && j.rules.Category == "" && !j.comesAlong() {
			j.forbid(true, false, "onlyLinked", "only items that a person links are made on the other side")
		}
	}
}

// category is the switch that people have at hand where they edit the item.
func (j *judgement) category() {
	switch {
	case j.rules.Category == "" || j.q.Tie != TieNone || j.comesAlong():
	case j.q.Off:
		j.forbid(true, true, "category", "%s", j.q.OffSays)
	default:
		j.says("category", true, "it carries the category %q", j.rules.Category)
	}
}

// comesAlong: what is left out by the choice of records does not count for it.
func (j *judgement) comesAlong() bool { return j.q.Along && j.q.Way == Inward }

func (j *judgement) direction() {
	if d := j.rules.Direction; d == In && j.q.Way == Outward || d == Out && j.q.Way == Inward {
		j.forbid(true, true, "direction", "the link goes the other way only")
	}
}

func (j *judgement) kind() {
	if k := j.q.Item.Kind(); len(j.rules.Kinds) > 0 && !pim.Kinds(j.rules.Kinds...).Has(k) {
		j.forbid(true, true, "kinds", "%ss are not among the kinds", k)
	}
}

// message lets mail be made once, and no more be done to it.
func (j *judgement) message() {
	if j.q.Item.Kind() != pim.KindMessage {
		return
	}
	j.verdict.Delete = false
	if j.q.Way == Inward {
		j.says("message", true, "a message that goes from the mailbox stays in the CRM")
		return
	}
	j.forbid(false, true, "message", "a message is made there once, and neither changed nor deleted afterwards")
}

func (j *judgement) types() {
	t := TypeOf(j.q.Item)
	if j.q.Way == Outward {
		t = j.rules.typeOfNew(j.q.Item) // what it will have there
	}
	name := t
	if t == "" {
		name = "no type"
	}
	if j.q.Tie != Linked && j.flow.Create != nil {
		if j.flow.Create.Has(t) {
			j.says(j.name+".create", true, "%s is among the types that are made", name)
		} else {
			j.forbid(true, false, j.name+".create", "%s is not among the types that are made (%s)", name, list(j.flow.Create))
		}
	}
	if j.flow.Carry != nil {
		if j.flow.Carry.Has(t) {
			j.says(j.name+".carry", true, "%s is among the types whose changes are carried over", name)
		} else {
			j.forbid(false, true, j.name+".carry", "%s is not among the types whose changes and deletions are carried over (%s)", name, list(j.flow.Carry))
		}
	}
}

func (j *judgement) private() {
	if !IsPrivate(j.q.Item) {
		return
	}
	switch j.flow.Private {
	case PrivateMask:
		j.verdict.Masked = true
		j.says(j.name+".private", true, "it is private: only when it is goes over")
	case PrivateNone:
		j.verdict.Away = true
		j.forbid(true, false, j.name+".private", "it is private, and private items do not go over")
	}
}

func (j *judgement) window() {
	if j.q.Tie == Linked || j.q.Item.Kind() == pim.KindContact {
		return
	}
	from, until := j.rules.window(j.flow, j.q.Now)
	past := ".pastDays"
	if since, _, _ := j.rules.begin(j.flow); since != "" {
		past = ".since"
	}
	switch {
	case !from.IsZero() && !j.q.End.IsZero() && j.q.End.Before(from):
		j.forbid(true, false, j.name+past, "it ended before %s, where the window begins", from.Format(time.DateOnly))
	case !until.IsZero() && !j.q.Start.IsZero() && !j.q.Start.Before(until):
		j.forbid(true, false, j.name+".futureDays", "it begins after %s, where the window ends", until.Format(time.DateOnly))
	default:
		j.says("window", true, "it lies in the window")
	}
}

// archive keeps the copy of what vanishes because it is old.
func (j *judgement) archive() {
	days := j.rules.ArchiveDays
	if days == 0 || j.q.Item.Kind() == pim.KindContact || j.q.End.IsZero() || !j.q.End.Before(j.q.Now.AddDate(0, 0, -days)) {
		return
	}
	j.verdict.Delete = false
	j.says("archiveDays", true, "it ended more than %d days ago: should it vanish, it is taken for archived, and the other copy stays", days)
}

// scope is what the remote is asked for; remotes may give more than they are asked.
func (j *judgement) scope() {
	if j.q.Tie == Linked {
		return
	}
	if j.comesAlong() {
		j.says("along", true, "it comes along with a record that is tied to it")
		return
	}
	t := TypeOf(j.q.Item)
	if len(j.rules.Types) > 0 && !Types(j.rules.Types).Has(t) {
		j.forbid(true, false, "types", "its type is not among those of the link (%s)", list(j.rules.Types))
	}
	if f := j.rules.Filter; !f.IsZero() {
		if f.Matches(j.q.Item, j.q.Now) {
			j.says("filter", true, "it fits the filter: %s", f)
		} else {
			j.forbid(true, false, "filter", "it does not fit the filter: %s", f)
		}
	}
}

func (j *judgement) defaultType() {
	if j.rules.typeOfNew(j.q.Item) != "" || j.q.Tie == Linked || !j.rules.HoldUntyped || j.q.Item.Kind() == pim.KindContact {
		return
	}
	j.verdict.Hold = HoldType
	j.forbid(true, false, "holdUntyped", "it has no type; give it one by a category of that name, or choose one for it")
}

func list(types []string) string {
	if len(types) == 0 {
		return "none"
	}
	return strings.Join(types, ", ")
}

// JudgesItems reports rules for what comes in that look into each item, beyond what a
// remote is asked for (Scope).
func (r Rules) JudgesItems() bool {
	return !r.Filter.IsZero() || r.OnlyLinked || r.Category != "" || r.In.Create != nil || r.In.Private == PrivateNone
}
