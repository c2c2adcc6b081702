package manage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/review"
	"crmbridge/store"
)

// Where something is asked for.
const (
	ViaCommand = "command" // at the shell of the machine
	ViaPage    = "page"
	ViaAPI     = "api"
	ViaBridge  = "bridge" // by itself
)

// Actor is on whose behalf a call is made. It goes with the context; without one it is the bridge itself.
type Actor struct {
	Via     string // one of Via…
	Account string // the name of an account, or of a user of the machine's for commands; "" before somebody signed in
	Address string // IP, "" for commands
	Agent   string // the browser, or the name of the API token
}

type actorKey struct{}

// As is ctx with who makes the calls that are made with it.
func As(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

// actorOf is who makes a call.
func actorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Via: ViaBridge}
}

// deed is something that is being done: an entry of the audit log that has no end yet.
type deed struct {
	o       *Office
	ctx     context.Context
	id      store.DeedID
	subject string
	notes   map[string]string
}

// begin writes down that something is about to be done, before it is: what a killed process did half stands in the log, without an outcome. act
// is one of Acts. Who began it calls end when it is over.
func (o *Office) begin(ctx context.Context, act, subject string) (*deed, error) {
	d := &deed{o: o, ctx: context.WithoutCancel(ctx), subject: subject}
	who := actorOf(ctx)
	err := o.Store.Update(ctx, func(tx *store.Tx) (err error) {
		d.id, err = tx.BeginDeed(store.Deed{Via: who.Via, Account: brief(who.Account), Address: who.Address, Agent: brief(who.Agent), Act: act, Subject: brief(subject)})
		return err
	})
	return d, err
}

// note keeps what was chosen or came of it; nothing secret.
func (d *deed) note(name, value string) {
	if d.notes == nil {
		d.notes = map[string]string{}
	}
	d.notes[name] = brief(value)
}

// of says whose thing it is about, once that is known.
func (d *deed) of(account, name string) {
	if account != "" {
		d.subject = account + ": " + name
	}
}

// end says how it ended. Of an error only its kind is kept: its text may have what somebody typed.
func (d *deed) end(failed *error) {
	outcome, notes := OutcomeDone, ""
	if *failed != nil {
		outcome = string(cmp.Or(pim.ReasonOf(*failed), pim.ErrInternal))
	}
	if len(d.notes) > 0 {
		text, err := json.Marshal(d.notes)
		if err != nil {
			*failed = errors.Join(*failed, err)
			return
		}
		notes = string(text)
	}
	err := d.o.Store.Update(d.ctx, func(tx *store.Tx) error { return tx.EndDeed(d.id, brief(d.subject), notes, outcome) })
	*failed = errors.Join(*failed, err)
}

// brief bounds what is kept of a text.
func brief(s string) string {
	const most = 300
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// ofLink names a link in the audit log.
func ofLink(l store.Link) string { return fmt.Sprintf("%s (%d)", l.Name, l.ID) }

// Record writes down what is done elsewhere than here: do does it. act is one of Acts.
func (o *Office) Record(ctx context.Context, act, subject string, do func() error) error {
	_, err := recorded(ctx, o, act, subject, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

func recorded[T any](ctx context.Context, o *Office, act, subject string, do func() (T, error)) (v T, err error) {
	d, err := o.begin(ctx, act, subject)
	if err != nil {
		return v, err
	}
	defer d.end(&err)
	return do()
}

// Outcomes of deeds beside the words of pim.Reason, which say why something was not done.
const (
	OutcomeDone = "done"
	OutcomeOpen = "open" // it goes on, or the process died meanwhile
)

// Deed is an entry of the audit log: what somebody did to the bridge.
type Deed struct {
	ID      store.DeedID      `json:"id"`
	At      time.Time         `json:"at"`
	Via     string            `json:"via"`
	Account string            `json:"account"`
	Address string            `json:"address,omitempty"`
	Agent   string            `json:"agent,omitempty"`
	Act     string            `json:"act"`
	Subject string            `json:"subject"`
	Notes   map[string]string `json:"notes,omitempty"`
	Outcome string            `json:"outcome"` // OutcomeDone, OutcomeOpen or a pim.Reason
}

// DeedSearch chooses entries of the audit log, in the words of people; empty fields do not choose.
type DeedSearch struct {
	Account, Act string // exactly
	Text         string // letters in account, address, subject or notes
	Since, Until string // see Moment
	After        int64  // Next of the page before
	Limit        int    // rows of a page; 0 is 100
	Place        *time.Location
}

// Deeds lists the audit log, newest first. Errors: a Fault.
func (o *Office) Deeds(ctx context.Context, s DeedSearch) (out review.Page[Deed], err error) {
	q, err := o.Query(ctx, Search{Text: s.Text, Since: s.Since, Until: s.Until, After: s.After, Limit: s.Limit, Place: s.Place})
	if err != nil {
		return out, err
	}
	if s.Act != "" && !isAct(s.Act) {
		return out, wrong("audit", "act", "cannot be %q; there are %s", s.Act, strings.Join(Acts(), ", "))
	}
	return gather(ctx, o, q, func(tx *store.Tx, q review.Query) (out review.Page[Deed], err error) {
		found, err := review.Deeds(tx, q, s.Account, s.Act)
		out.Next = found.Next
		for _, d := range found.Rows {
			out.Rows = append(out.Rows, deedOf(d))
		}
		return out, err
	})
}

func deedOf(d store.Deed) Deed {
	row := Deed{ID: d.ID, At: d.At, Via: d.Via, Account: d.Account, Address: d.Address, Agent: d.Agent, Act: d.Act, Subject: d.Subject, Outcome: cmp.Or(d.Outcome, OutcomeOpen)}
	if json.Unmarshal([]byte(d.Notes), &row.Notes) != nil { // "" is none
		row.Notes = nil
	}
	return row
}

// ofItem names an item in the audit log; all of a link for "".
func ofItem(l store.Link, uid string) string {
	if uid == "" {
		return ofLink(l)
	}
	return uid + ", " + ofLink(l)
}
