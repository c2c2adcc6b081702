package relay

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"crmbridge/pim"
	"crmbridge/store"
)

// Outcomes of a run.
const (
	OutcomeOK        = "ok"
	OutcomePartial   = "partial"   // some items failed, the rest is done
	OutcomeFailed    = "failed"    // the run could not go on
	OutcomeHeld      = "held"      // deletions wait for a person
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
	Merged        int `json:"merged,omitempty"`    // both sides changed
	Conflicts     int `json:"conflicts,omitempty"` // fields left to a person, by item
	Failed        int `json:"failed,omitempty"`
	Withheld      int `json:"withheld,omitempty"`
}

// Done is the number of writes to either side.
func (c Counts) Done() int {
	return c.CreatedLocal + c.CreatedRemote + c.UpdatedLocal + c.UpdatedRemote + c.DeletedLocal + c.DeletedRemote
}

// Report is what a run did.
type Report struct {
	Run    store.Run
	Counts Counts
	Steps  []store.Step
	// Held is why deletions were withheld, "" when none were.
	Held string
}

// maxSteps bounds the stored steps of one run; the counts are always complete.
const maxSteps = 5000

func (r *run) step(s store.Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.RunID = r.rep.Run.ID
	if s.Outcome == "" {
		s.Outcome = "done"
	}
	if len(r.rep.Steps) < maxSteps {
		r.rep.Steps = append(r.rep.Steps, s)
	}
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
	if b, err := json.Marshal(rep.Counts); err == nil {
		rep.Run.Counts = string(b)
	}
}
