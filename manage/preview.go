package manage

import (
	"context"

	"crmbridge/relay"
	"crmbridge/store"
)

// Preview is what a run would do.
type Preview struct {
	ID      store.LinkID `json:"id"`
	Link    string       `json:"link"`
	Outcome string       `json:"outcome"`
	Error   string       `json:"error,omitempty"`
	Held    string       `json:"held,omitempty"`
	Counts  relay.Counts `json:"counts"`
	Mails   int          `json:"mails"`
	Cut     bool         `json:"cut"` // there are more changes than are listed
	Changes []Planning   `json:"changes"`
	Waiting []Planning   `json:"waiting"`
	Waits   int          `json:"waits"` // for a person, also where not all are listed
	Touches []string     `json:"touches"`
	Brought *Brought     `json:"brought,omitempty"` // not there when nothing would come into another link's address book
}

// Brought is what the next run of another link would do because of the run.
type Brought struct {
	ID      store.LinkID `json:"id"`
	Link    string       `json:"link"`
	Outcome string       `json:"outcome"`
	Error   string       `json:"error,omitempty"`
	Counts  relay.Counts `json:"counts"`
	Cut     bool         `json:"cut"`
	Changes []Planning   `json:"changes"`
	Waiting []Planning   `json:"waiting"`
	Waits   int          `json:"waits"`
}

// Planning is one thing that a run would do.
type Planning struct {
	Side   string              `json:"side,omitempty"` // here or there
	Action string              `json:"action"`
	Kind   string              `json:"kind"`
	Title  string              `json:"title"`
	File   string              `json:"file,omitempty"` // of a message, that the action is about
	UID    string              `json:"uid"`
	Mail   bool                `json:"mail,omitempty"`
	Reason string              `json:"reason,omitempty"`
	Fields []relay.FieldChange `json:"fields"`
	Of     string              `json:"-"` // whose row it is
}

func plannings(list []relay.Planning) []Planning {
	out := []Planning{}
	for _, c := range list {
		row := Planning{Side: map[string]string{"local": "here", "remote": "there"}[c.Side], Action: c.Action, Title: c.Title, File: c.File, UID: c.UID, Mail: c.Mail, Reason: c.Reason, Fields: c.Fields}
		if c.Kind != 0 {
			row.Kind = c.Kind.String()
		}
		if row.Fields == nil {
			row.Fields = []relay.FieldChange{}
		}
		out = append(out, row)
	}
	return out
}

// More reports that not all is listed.
func (d Preview) More() bool {
	b := d.Brought
	return d.Cut || d.Waits > len(d.Waiting) || b != nil && (b.Cut || b.Waits > len(b.Waiting))
}

// Rows are all that would be done, by link, what would wait for a person last.
func (d Preview) Rows() []Planning {
	rows := planningRows(d.Link, d.Changes, d.Waiting)
	if b := d.Brought; b != nil {
		rows = append(rows, planningRows(b.Link, b.Changes, b.Waiting)...)
	}
	return rows
}

func planningRows(link string, changes, waiting []Planning) (rows []Planning) {
	for _, c := range changes {
		c.Of = link
		rows = append(rows, c)
	}
	for _, w := range waiting {
		w.Action, w.Of = "hold", link
		rows = append(rows, w)
	}
	return rows
}

// PreviewRun shows what a run of a link would do, also by other rules, and does nothing of it. Whether that run would fail stands in Outcome.
func (o *Office) PreviewRun(ctx context.Context, l store.Link, opts relay.PreviewOptions) (Preview, error) {
	opts.Run.Retry = true
	pv, err := o.Engine.Preview(ctx, l.ID, opts)
	if err != nil {
		return Preview{}, err
	}
	d := Preview{ID: l.ID, Link: l.Name, Outcome: pv.Outcome, Error: pv.Error, Held: pv.Held, Counts: pv.Counts, Mails: pv.Mails, Cut: pv.Cut,
		Changes: plannings(pv.Changes), Waiting: plannings(pv.Waiting), Waits: pv.Waits, Touches: []string{}}
	if opts.Rules != nil {
		d.Touches = Touched(pv.Touch)
	}
	if b := pv.Brought; b != nil {
		d.Brought = &Brought{ID: b.Link, Link: b.Name, Outcome: b.Outcome, Error: b.Error, Counts: b.Counts, Cut: b.Cut, Changes: plannings(b.Changes), Waiting: plannings(b.Waiting), Waits: b.Waits}
	}
	return d, nil
}
