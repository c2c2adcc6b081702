package relay

import (
	"context"
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
)

// hasty is a remote that tells of a write only that it was done, at which somebody is quicker than the reading.
type hasty struct {
	remote.Remote
	then func(remote.ItemID) // once
}

func (h *hasty) told(rec remote.Record, err error) (remote.Record, error) {
	if err != nil {
		return rec, err
	}
	if then := h.then; then != nil {
		h.then = nil
		then(rec.ID)
	}
	return remote.Record{Ref: rec.Ref}, nil
}

func (h *hasty) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	return h.told(h.Remote.Create(ctx, c, e, key))
}

func (h *hasty) Update(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	return h.told(h.Remote.Update(ctx, c, old, e, changed))
}

func TestWhatChangesBetweenTheWriteAndItsReading(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		title       string
		here, there string // in the end
	}{
		"a person":          {"theirs", "theirs", "theirs"},
		"a person, longer":  {"mine, renamed there", "mine, renamed there", "mine, renamed there"},
		"the remote cuts":   {"mi", "mine", "mi"},
		"the remote trims":  {" mine ", "mine", " mine "},
		"the remote shouts": {"MINE", "mine", "MINE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBoth(t, mem.Options{}, open(rule.Ask), func(w *world) {
				h := &hasty{Remote: w.crm.Remote()}
				w.engine.Remotes = fixed{h}
				change := func(id remote.ItemID) { w.change(id, retitle(c.title)) }
				for _, write := range []func(){
					func() { w.put("a.ics", event("uid-a", "mine")) },
					func() { w.edit("a.ics", retitle("other")); w.clean(); w.edit("a.ics", retitle("mine")) },
				} {
					h.then = nil
					write()
					h.then = change
					w.clean()
					w.clean()
					w.quiet()
					if here, there := w.item(w.only()).Title, w.record().Item.(*pim.Event).Title; here != c.here || there != c.there {
						t.Errorf("here %q, there %q", here, there)
					}
				}
				if all := w.conflicts(true); len(all) > 0 {
					t.Errorf("reported: %+v", all)
				}
			})
		})
	}
}

func TestCameOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sent, kept string
		want       bool
	}{
		{"", "by default", true}, {"Plan", "", true}, {"Plan", "Plan", true}, {"A long plan", "A long", true}, {"a <b>", "a", true}, {"Möte", "M?te", true},
		{"Möte", "Moete", true}, {"Щи", "Shchi", true}, {"Tea ☕ at 5", "Tea at 5", true}, {"two\nlines", "two lines", true},
		{"Plan", "Plans", false}, {"Renamed", "Renamed there", false}, {"5 March", "6 March", false}, {"Möte", "Something else", false},
	} {
		if got := cameOf(c.sent, c.kept); got != c.want {
			t.Errorf("%q of %q: %v", c.kept, c.sent, got)
		}
	}
}

// Whoever writes the text decides how long it is, and how unlike it comes back: neither may cost more than reading it.
func TestCameOfLongTexts(t *testing.T) {
	t.Parallel()
	const letters = 500_000
	sent := strings.Repeat("ж", letters)
	for name, kept := range map[string]string{
		"other letters":    strings.Repeat("z", letters),
		"letters from all": strings.Repeat("漢字", letters/2),
		"half of it":       sent[:letters],
	} {
		began := time.Now()
		if !cameOf(sent, kept) {
			t.Errorf("%s: taken for somebody else's words", name)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}
