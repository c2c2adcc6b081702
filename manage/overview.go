package manage

import (
	"context"
	"encoding/json"
	"time"

	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Waiting is how many things wait for a person.
type Waiting struct {
	Conflicts  int `json:"conflicts"`
	Errors     int `json:"errors"`
	Approvals  int `json:"approvals"` // deletions
	Holds      int `json:"holds"`     // of other kinds
	Duplicates int `json:"duplicates"`
}

// Hour is what happened in an hour.
type Hour struct {
	Begin   time.Time `json:"begin"`
	Changes int       `json:"changes"` // items written on either side
	Failed  int       `json:"failed"`  // items that could not be, and runs
}

// Overview is how the bridge stands.
type Overview struct {
	Links   []Link  `json:"links"`
	Waiting Waiting `json:"waiting"`
	Hours   []Hour  `json:"hours"` // the last 24, oldest first
}

// hoursShown and runsShown bound what is read for Overview.Hours: runs that found nothing are one row for many.
const (
	hoursShown = 24
	runsShown  = 5000
)

// Overview is how all links stand, what waits, and what happened in the last day.
func (o *Office) Overview(ctx context.Context) (v Overview, err error) {
	v.Links = []Link{}
	if links, err := o.Links(ctx, ""); err != nil {
		return v, err
	} else if links != nil {
		v.Links = links
	}
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		n, err := tx.CountWaiting([]string{string(rule.HoldDeletion), string(rule.HoldLost)}, []string{string(rule.HoldType), string(rule.HoldSeries)})
		if err != nil {
			return err
		}
		v.Waiting = Waiting{Conflicts: n.Conflicts, Errors: n.Failing, Approvals: n.Deletions, Holds: n.Held, Duplicates: n.Duplicates}
		v.Hours, err = hours(tx, o.Now())
		return err
	})
	return v, err
}

func hours(tx *store.Tx, now time.Time) ([]Hour, error) {
	first := now.UTC().Truncate(time.Hour).Add(-(hoursShown - 1) * time.Hour)
	out := make([]Hour, hoursShown)
	for i := range out {
		out[i].Begin = first.Add(time.Duration(i) * time.Hour)
	}
	runs, err := tx.Runs(store.RunFilter{Since: first, Limit: runsShown})
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		i := int(r.Started.Sub(first) / time.Hour)
		if i < 0 || i >= len(out) {
			continue
		}
		var n relay.Counts
		if r.Counts != "" {
			if err := json.Unmarshal([]byte(r.Counts), &n); err != nil {
				return nil, err
			}
		}
		out[i].Changes += n.In() + n.Out()
		if out[i].Failed += n.Failed; r.Outcome == relay.OutcomeFailed {
			out[i].Failed++
		}
	}
	return out, nil
}
