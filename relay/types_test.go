package relay

import (
	"context"
	"strings"
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// TestRowS13Types asks the CRM for the types that rules and categories may name.
func TestRowS13Types(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{Types: []string{"Meeting", "Call"}}, open(rule.Ask), func(w *world) {
		r := open(rule.Ask)
		r.DefaultType, r.Out.Create = "Visit", rule.Types{"call", rule.NoType, "Fair"}
		_, err := w.engine.SetRules(w.ctx, w.link.ID, r)
		if pim.ReasonOf(err) != pim.ErrInvalid || !strings.Contains(pim.PublicText(err), `no types "Visit", "Fair"; it has Meeting, Call`) {
			t.Fatalf("%v", err)
		}
		r = open(rule.Ask)
		r.HoldUntyped = true
		if _, err := w.engine.SetRules(w.ctx, w.link.ID, r); err != nil {
			t.Fatal(err)
		}
		e := event("a", "Ring them")
		e.Categories = []string{"Travel", "call"} // no rule names it
		w.put("a.ics", e)
		w.put("b.ics", event("b", "Untyped"))
		w.clean()
		if got := w.record().Item.(*pim.Event); got.CRM.Type != "Call" {
			t.Errorf("the type is %q", got.CRM.Type)
		}
		if words := w.words("a"); strings.Contains(words, "waits for a person") {
			t.Error(words)
		}
		if words := w.words("b"); !strings.Contains(words, "waits for a person to choose its type") {
			t.Error(words)
		}
		w.quiet()
	})
}

// TestRowX12 makes a call of an item with the category of calls; its number comes back.
func TestRowX12(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{Types: []string{"Meeting", "Call"}}, open(rule.Ask), func(w *world) {
		e := event("a", "Ring them")
		e.Categories = []string{"Call"}
		w.put("a.ics", e)
		w.clean()
		w.change(w.record().ID, func(e *pim.Event) { e.CRM.Number = "CLL0001" })
		w.clean()
		got := w.item(w.object("a.ics"))
		if got.CRM.Number != "CLL0001" || len(got.Categories) != 1 {
			t.Errorf("%+v %v", got.CRM, got.Categories)
		}
	})
}

// down is a remote whose lists cannot be read.
type down struct{ remote.Remote }

func (down) Lookup(context.Context, pim.Kind, pim.FieldID) ([]remote.LookupValue, error) {
	return nil, &pim.Error{Op: "t", Kind: pim.ErrUnavailable, Public: "down"}
}

// Rules can be changed, and runs go on, while the CRM does not tell its types.
func TestTypesOfARemoteThatIsDown(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
		w.engine.Remotes = fixed{down{w.crm.Remote()}}
		r := open(rule.Ask)
		r.DefaultType = "Visit"
		if _, err := w.engine.SetRules(w.ctx, w.link.ID, r); err != nil {
			t.Fatal(err)
		}
		w.put("a.ics", event("a", "x"))
		w.clean()
		if got := w.record().Item.(*pim.Event); got.CRM.Type != "Visit" {
			t.Errorf("the type is %q", got.CRM.Type)
		}
		w.view(func(tx *store.Tx) error {
			l, err := tx.Link(w.link.ID)
			if err == nil && strings.Contains(string(l.Rules), "typeNames") {
				t.Errorf("stored rules %s", l.Rules)
			}
			return err
		})
	})
}
