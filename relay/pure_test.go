package relay

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	want := map[[2]State]Action{
		{Absent, Absent}: Forget, {Absent, Same}: CreateLocal, {Absent, Changed}: CreateLocal, {Absent, Gone}: Forget,
		{Same, Absent}: CreateRemote, {Same, Same}: Nothing, {Same, Changed}: UpdateLocal, {Same, Gone}: DeleteLocal,
		{Changed, Absent}: CreateRemote, {Changed, Same}: UpdateRemote, {Changed, Changed}: Reconcile, {Changed, Gone}: CreateRemote,
		{Gone, Absent}: Forget, {Gone, Same}: DeleteRemote, {Gone, Changed}: CreateLocal, {Gone, Gone}: Forget,
	}
	for s, a := range want {
		if got := Decide(s[0], s[1], false); got != a {
			t.Errorf("%s here, %s there: %s, want %s", s[0], s[1], got, a)
		}
	}
	if got := Decide(Changed, Changed, true); got != Agree {
		t.Errorf("both changed to the same: %s", got)
	}
	// Deletions come from a state that says "gone" on one side and "as agreed" on
	// the other, and from nothing else.
	for l := range State(8) {
		for r := range State(8) {
			a := Decide(l, r, false)
			if (a == DeleteLocal) != (l == Same && r == Gone) || (a == DeleteRemote) != (l == Gone && r == Same) {
				t.Errorf("%s here, %s there: %s", l, r, a)
			}
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	all := pim.AllOf(pim.KindEvent)
	base := event("u", "base")
	with := func(f func(*pim.Event)) *pim.Event {
		e := pim.Clone(base).(*pim.Event)
		f(e)
		return e
	}
	mine := with(func(e *pim.Event) { e.Title, e.Notes = "mine", "note" })
	theirs := with(func(e *pim.Event) { e.Title, e.Location = "theirs", "room" })
	s := Sides{BaseLocal: base, Local: mine, BaseRemote: base, Remote: theirs, Carried: all, Writable: all, MayIn: all, MayOut: all, RemoteName: rule.PreferCRM}
	for _, c := range []struct {
		policy              rule.Policy
		localAt, remoteAt   int
		title               string
		toLocal, toRemote   pim.FieldSet
		open, settled, lost pim.FieldSet
	}{
		{policy: rule.Ask, title: "mine", toLocal: pim.Set(pim.FieldLocation), toRemote: pim.Set(pim.FieldNotes), open: pim.Set(pim.FieldTitle)},
		{policy: rule.PreferCRM, title: "theirs", toLocal: pim.Set(pim.FieldLocation, pim.FieldTitle), toRemote: pim.Set(pim.FieldNotes), settled: pim.Set(pim.FieldTitle)},
		{policy: rule.PreferClient, title: "mine", toLocal: pim.Set(pim.FieldLocation), toRemote: pim.Set(pim.FieldNotes, pim.FieldTitle), settled: pim.Set(pim.FieldTitle)},
		{policy: rule.Newest, localAt: 1, remoteAt: 2, title: "theirs", toLocal: pim.Set(pim.FieldLocation, pim.FieldTitle), toRemote: pim.Set(pim.FieldNotes), settled: pim.Set(pim.FieldTitle)},
		{policy: rule.Newest, localAt: 2, remoteAt: 1, title: "mine", toLocal: pim.Set(pim.FieldLocation), toRemote: pim.Set(pim.FieldNotes, pim.FieldTitle), settled: pim.Set(pim.FieldTitle)},
		{policy: rule.Newest, localAt: 2, remoteAt: 2, title: "mine", toLocal: pim.Set(pim.FieldLocation), toRemote: pim.Set(pim.FieldNotes), open: pim.Set(pim.FieldTitle)},
	} {
		s.Policy, s.LocalAt, s.RemoteAt = c.policy, time.Unix(int64(c.localAt), 0), time.Unix(int64(c.remoteAt), 0)
		m := Merge(s)
		got := m.Item.(*pim.Event)
		if got.Title != c.title || got.Notes != "note" || got.Location != "room" {
			t.Errorf("%s: %+v", c.policy, got)
		}
		if m.ToLocal != c.toLocal || m.ToRemote != c.toRemote || m.Open != c.open || m.Settled != c.settled {
			t.Errorf("%s: local %s remote %s open %s settled %s", c.policy, m.ToLocal, m.ToRemote, m.Open, m.Settled)
		}
	}
}

func TestMergeWhatTheRemoteMadeOfIt(t *testing.T) {
	t.Parallel()
	all := pim.AllOf(pim.KindEvent)
	full, cut := event("u", "a long title"), event("u", "a long")
	m := Merge(Sides{BaseLocal: full, Local: full, BaseRemote: cut, Remote: cut, Carried: all, Writable: all})
	if !m.ToLocal.IsEmpty() || !m.ToRemote.IsEmpty() || !m.Open.IsEmpty() {
		t.Errorf("a title the remote cuts is taken for a change: %+v", m)
	}
}

// anEvent draws values from small sets, so that collisions are common.
func anEvent(t *rapid.T, label string) *pim.Event {
	word := rapid.SampledFrom([]string{"", "a", "b", "c"})
	e := event("u", word.Draw(t, label+" title"))
	e.Notes, e.Location = word.Draw(t, label+" notes"), word.Draw(t, label+" location")
	e.Categories = rapid.SliceOfDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), rapid.ID[string]).Draw(t, label+" categories")
	e.Start.Time = e.Start.Time.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, label+" start")) * time.Hour)
	return e
}

func TestMergeLaws(t *testing.T) {
	t.Parallel()
	for range 25 { // TestMain keeps a single Check short
		rapid.Check(t, checkMergeLaws)
	}
}

func checkMergeLaws(t *rapid.T) {
	all := pim.AllOf(pim.KindEvent)
	b, x, y := anEvent(t, "base"), anEvent(t, "x"), anEvent(t, "y")
	merge := func(base, mine, theirs pim.Item, p rule.Policy) Merged {
		return Merge(Sides{BaseLocal: base, Local: mine, BaseRemote: base, Remote: theirs, Carried: all, Writable: all, MayIn: all, MayOut: all, Policy: p, RemoteName: rule.PreferCRM})
	}
	// result is what both sides hold afterwards.
	result := func(m Merged, theirs pim.Item) (local, remote pim.Item) {
		r := pim.Clone(theirs)
		pim.Copy(r, m.Item, m.ToRemote)
		return m.Item, r
	}
	if m := merge(b, x, b, rule.Ask); !pim.Equal(m.Item, x, all) || !m.Open.IsEmpty() || !m.ToLocal.IsEmpty() {
		t.Errorf("merge(b, x, b) is not x: %+v", m)
	}
	if m := merge(b, x, x, rule.Ask); !pim.Equal(m.Item, x, all) || !m.Open.IsEmpty() || !m.ToRemote.IsEmpty() {
		t.Errorf("merge(b, x, x) is not x: %+v", m)
	}
	m := merge(b, x, y, rule.Ask)
	l, r := result(m, y)
	if d := pim.Diff(l, r, all); d != m.Open {
		t.Errorf("sides differ in %s, open is %s", d, m.Open)
	}
	// Which side is called mine makes no difference but for who wins.
	if n := merge(b, y, x, rule.Ask); n.Open != m.Open || !pim.Equal(n.Item, m.Item, all.Minus(m.Open)) {
		t.Errorf("not symmetric: %+v / %+v", m, n)
	}
	for _, p := range []rule.Policy{rule.PreferCRM, rule.PreferClient} {
		m := merge(b, x, y, p)
		l, r := result(m, y)
		if !m.Open.IsEmpty() || !pim.Equal(l, r, all) {
			t.Errorf("%s leaves %s open, sides differ in %s", p, m.Open, pim.Diff(l, r, all))
		}
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	var tasks []Task
	for i, a := range []Action{DeleteLocal, UpdateRemote, CreateLocal, DeleteRemote, Nothing, Reconcile} {
		tasks = append(tasks, Task{Pair: store.PairID(i + 1), Action: a})
	}
	p := Plan(tasks, 100, Brake{Absolute: 10, Share: 0.2})
	if len(p.Tasks) != 6 || p.Reason != "" || p.Tasks[0].Action != Nothing || rank(p.Tasks[5].Action) != 3 || rank(p.Tasks[4].Action) != 3 {
		t.Errorf("order: %v", p.Tasks)
	}
	var many []Task
	for i := range 30 {
		many = append(many, Task{Pair: store.PairID(i + 1), Action: DeleteLocal})
	}
	many = append(many, Task{Pair: 99, Action: CreateLocal})
	for _, c := range []struct {
		living, done int
		off          bool
	}{{100, 1, false}, {150, 31, false}, {100, 31, true}} {
		p := Plan(many, c.living, Brake{Absolute: 10, Share: 0.2, Off: c.off})
		if len(p.Tasks) != c.done || (p.Reason == "") != (c.done == 31) {
			t.Errorf("%d living: %d tasks, %q", c.living, len(p.Tasks), p.Reason)
		}
	}
}

// What is gone on the remote is not among the living, but among those it is a share of.
func TestTheBrakeNeverTellsOfMoreThanThereAre(t *testing.T) {
	t.Parallel()
	var tasks []Task
	for i := range 23 {
		tasks = append(tasks, Task{Pair: store.PairID(i + 1), Action: []Action{DeleteLocal, DeleteRemote}[min(i/20, 1)]})
	}
	b := Brake{Absolute: 10, Share: 0.2}
	for living, want := range map[int]string{3: "23 of 23 items", 17: "23 of 37 items", 94: "23 of 114 items", 95: ""} {
		if p := Plan(tasks, living, b); !strings.HasPrefix(p.Reason, want) || (p.Reason == "") != (want == "") {
			t.Errorf("%d on the remote: %q, want %q", living, p.Reason, want)
		}
	}
}

func TestNextDelay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failures int
		after    time.Duration
		want     time.Duration
	}{{0, 0, time.Minute}, {0, time.Hour, time.Hour}, {1, 0, 30 * time.Second}, {3, 0, 2 * time.Minute}, {50, 0, 30 * time.Minute}, {1, time.Hour, time.Hour}} {
		if got := (Waits{}).link(time.Minute, c.failures, c.after); got != c.want {
			t.Errorf("%d failures, after %v: %v, want %v", c.failures, c.after, got, c.want)
		}
	}
}
