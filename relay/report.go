package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// Outcomes of a run.
const (
	OutcomeOK        = "ok"
	OutcomePartial   = "partial"   // some items failed, the rest is done
	OutcomeFailed    = "failed"    // the run could not go on
	OutcomeHeld      = "held"      // deletions, or more than the link may make, wait for a person
	OutcomeCancelled = "cancelled" // stopped
)

// Counts are the numbers of a run.
type Counts struct {
	Read          int `json:"read,omitempty"` // records the remote showed
	CreatedLocal  int `json:"createdLocal,omitempty"`
	CreatedRemote int `json:"createdRemote,omitempty"`
	UpdatedLocal  int `json:"updatedLocal,omitempty"`
	UpdatedRemote int `json:"updatedRemote,omitempty"`
	DeletedLocal  int `json:"deletedLocal,omitempty"`
	DeletedRemote int `json:"deletedRemote,omitempty"`
	Unasked       int `json:"unasked,omitempty"`    // deletions among them that no person allowed
	Bounded       int `json:"bounded,omitempty"`    // items made there that count for the rule createsPerHour
	Mailed        int `json:"mailed,omitempty"`     // people whom the remote may have mailed, by the rule mail
	Merged        int `json:"merged,omitempty"`     // both sides changed
	Matched       int `json:"matched,omitempty"`    // found to be one by their likeness
	Duplicates    int `json:"duplicates,omitempty"` // suggested after a first run
	Conflicts     int `json:"conflicts,omitempty"`  // fields left to a person, by item
	Files         int `json:"files,omitempty"`      // of messages, that went to the CRM
	Failed        int `json:"failed,omitempty"`
	Withheld      int `json:"withheld,omitempty"`
}

// In is how many items were written here.
func (c Counts) In() int { return c.CreatedLocal + c.UpdatedLocal + c.DeletedLocal }

// Out is how many items were written there.
func (c Counts) Out() int { return c.CreatedRemote + c.UpdatedRemote + c.DeletedRemote }

// Done is the number of writes to either side.
func (c Counts) Done() int {
	return c.CreatedLocal + c.CreatedRemote + c.UpdatedLocal + c.UpdatedRemote + c.DeletedLocal + c.DeletedRemote + c.Files
}

// Report is what a run did.
type Report struct {
	Run    store.Run
	Counts Counts
	Steps  []store.Step
	Cut    bool // there were more steps
	// Held is why deletions were withheld, "" when none were.
	Held string
}

// maxSteps bounds the steps of one run that a report holds. The counts are always complete, and
// the steps of writes are stored with them, however many there are.
const maxSteps = 5_000

func (r *run) step(s store.Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.RunID = r.rep.Run.ID
	if s.Outcome == "" {
		s.Outcome = "done"
	}
	s.Undo = nil // it is large, and stored
	if len(r.rep.Steps) >= r.listed() {
		r.rep.Cut = true
		return
	}
	r.rep.Steps = append(r.rep.Steps, s)
}

// stepped is how many steps there are.
func (r *run) stepped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.rep.Steps)
}

// label gives the steps of a pair, from an index on, the title of the item and what the remote
// calls its answers.
func (r *run) label(id store.PairID, from int, title string, t remote.Traces) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trace = cmp.Or(t.Failed, t.Last, r.trace)
	for i := from; i < len(r.rep.Steps); i++ {
		s := &r.rep.Steps[i]
		if s.PairID != id {
			continue
		}
		s.Title = cmp.Or(s.Title, cut(title))
		switch {
		case s.Outcome == "failed":
			s.Trace = cmp.Or(t.Failed, t.Last)
		case s.Side == "remote":
			s.Trace = t.Written
		}
	}
}

// title is what people call the item of a view.
func (v view) title() string {
	for _, it := range []pim.Item{v.local, v.theirs, v.localBase} {
		if it != nil && it.Summary() != "" {
			return cut(it.Summary())
		}
	}
	return ""
}

// pairTitle is the title that a pair's bases hold; "" when none can be read.
func pairTitle(p store.Pair) string {
	for _, b := range [][]byte{p.LocalItem, p.TheirItem} {
		if it, err := pim.DecodeItem(b); err == nil && it != nil && it.Summary() != "" {
			return cut(it.Summary())
		}
	}
	return ""
}

// titleMost is how many characters of a title a step keeps.
const titleMost = 200

func cut(s string) string {
	if utf8.RuneCountInString(s) <= titleMost {
		return s
	}
	return string([]rune(s)[:titleMost]) + "…"
}

// note is step and count of something done in a transaction, once it is committed: one
// that is begun again would be told of twice.
func (r *run) note(tx *store.Tx, s store.Step, add func(*Counts)) {
	tx.AfterCommit(func() {
		r.step(s)
		r.count(add)
	})
}

func (r *run) count(add func(*Counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	add(&r.rep.Counts)
}

// conclude sets outcome, error and counts.
func (rep *Report) conclude(failure error, now time.Time) {
	rep.Run.Ended = &now
	switch {
	case errors.Is(failure, errRules):
		rep.Run.Outcome, rep.Run.Error = OutcomeCancelled, errRules.Public
	case errors.Is(failure, context.Canceled):
		rep.Run.Outcome, rep.Run.Error = OutcomeCancelled, "stopped"
	case failure != nil:
		rep.Run.Outcome, rep.Run.Error = OutcomeFailed, pim.PublicText(failure)
	case rep.Held != "":
		rep.Run.Outcome, rep.Run.Error = OutcomeHeld, rep.Held
	case rep.Counts.Failed > 0:
		rep.Run.Outcome = OutcomePartial
	default:
		rep.Run.Outcome = OutcomeOK
	}
	if rep.Run.Error != "" && failure != nil {
		rep.Run.Kind = string(pim.ReasonOf(failure))
	}
	if rep.quiet() {
		rep.Run.Quiet = 1
	}
	if b, err := json.Marshal(rep.Counts); err == nil {
		rep.Run.Counts = string(b)
	}
}

// quiet reports that there is nothing to tell of a run but how it ended.
func (rep *Report) quiet() bool {
	c := rep.Counts
	return len(rep.Steps) == 0 && c.Done() == 0 && c.Failed == 0 && c.Conflicts == 0
}
