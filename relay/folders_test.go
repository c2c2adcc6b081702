package relay

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	crmmem "crmbridge/crm/mem"
	"crmbridge/exchange/mem"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// closet is a mailbox of which some folders are out of sight, and which counts how often it is asked for them.
type closet struct {
	remote.Remote
	hidden []remote.CollectionID // nil hides none
	name   string                // of those that are seen, "" is their own
	gone   bool                  // the folders themselves are not to be read either
	asked  int
}

func (c *closet) Behind() remote.Remote { return c.Remote }

func (c *closet) Collections(ctx context.Context) ([]remote.Collection, error) {
	c.asked++
	all, err := c.Remote.Collections(ctx)
	all = slices.DeleteFunc(all, func(x remote.Collection) bool { return slices.Contains(c.hidden, x.ID) })
	for i := range all {
		if c.name != "" {
			all[i].Name = c.name
		}
	}
	return all, err
}

func (c *closet) Changes(ctx context.Context, id remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	if c.gone {
		return remote.Delta{}, pim.Errorf("mailbox", pim.ErrNotFound, "there is no such folder")
	}
	return c.Remote.Changes(ctx, id, s, since)
}

// A link tells what it leads to by the name that people gave it, also when that is another one by now, and fails by that name when people
// deleted it, wherever the server keeps what is deleted. Brought back, it goes on.
func TestAFolderIsCalledByItsName(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, "{}", "{}")
	c := &closet{Remote: o.box.Remote()}
	o.links[o.in.ID] = c
	link := func() (l store.Link) {
		t.Helper()
		o.update(func(tx *store.Tx) (err error) { l, err = tx.Link(o.in.ID); return err })
		return l
	}
	run := func(outcome string) {
		t.Helper()
		if rep, _ := o.engine.Run(t.Context(), o.in.ID, RunOptions{Trigger: "test"}); rep.Run.Outcome != outcome { // what went wrong is the link's
			t.Errorf("the run was %s: %s", rep.Run.Outcome, rep.Run.Error)
		}
	}
	if got := Place(link()); got != string(mem.Inbox) {
		t.Errorf("before the first run it is %q", got)
	}
	run(OutcomeOK)
	was := Place(link())
	if was == string(mem.Inbox) || was == "" {
		t.Errorf("it is %q", was)
	}
	run(OutcomeOK)
	if c.asked != 1 {
		t.Errorf("it was asked for %d times", c.asked)
	}
	c.name = "Customers"
	o.clock.Advance(time.Hour)
	run(OutcomeOK)
	if got := Place(link()); got != "Customers" {
		t.Errorf("renamed it is %q", got)
	}
	for what, hide := range map[string]func(){"in the bin": func() {}, "gone for good": func() { c.gone = true }} {
		hide()
		c.hidden = []remote.CollectionID{mem.Inbox}
		o.clock.Advance(time.Hour)
		run(OutcomeFailed)
		if l := link(); l.LastError != `"Customers" is not there any more, or the login may not see it` || Place(l) != "Customers" {
			t.Errorf("%s: %q, %s", what, Place(l), l.LastError)
		}
		run(OutcomeFailed) // at once too
		c.hidden, c.gone = nil, false
		run(OutcomeOK)
		if l := link(); l.LastError != "" {
			t.Errorf("%s, and back: %s", what, l.LastError)
		}
	}
	// A right that was taken away hides all of them, and says so by itself.
	cs, err := o.box.Remote().Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range cs {
		c.hidden = append(c.hidden, x.ID)
	}
	o.clock.Advance(time.Hour)
	run(OutcomeOK)
}

// A folder that was never told of, as somebody else's is not, is linked by its id alone; a link to a CRM asks for nothing.
func TestAFolderThatIsNotTold(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, "{}", "{}")
	c, crm := &closet{Remote: o.box.Remote(), hidden: []remote.CollectionID{mem.Inbox}}, &closet{Remote: o.crm.Remote()}
	o.links[o.in.ID], o.links[o.out.ID] = c, crm
	o.deliver(mem.Inbox, letter(1))
	o.sync()
	o.mail()
	if crm.asked > 0 || strings.Contains(Place(o.out), `"`) {
		t.Errorf("the CRM was asked %d times", crm.asked)
	}
}
