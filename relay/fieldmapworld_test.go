package relay

import (
	"strings"
	"testing"
	"time"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store/storetest"
)

// extraColumns is a CRM whose people added columns to events.
func extraColumns() mem.Options {
	return mem.Options{Columns: map[pim.Kind][]remote.Column{pim.KindEvent: {
		{Name: "UsrRegion", Label: "Region", Kind: remote.TextColumn},
		{Name: "UsrKey", Label: "Key account", Kind: remote.FlagColumn},
		{Name: "UsrHint", Label: "Hint", Kind: remote.TextColumn},
		{Name: "UsrLevel", Label: "Level", Kind: remote.ChoiceColumn},
		{Name: "UsrReport", Kind: remote.TextColumn},
		{Name: "UsrCount", Kind: remote.NumberColumn},
		{Name: "UsrMade", Kind: remote.TimeColumn, ReadOnly: true},
	}}}
}

// withoutCategories is that CRM, without categories of its own.
func withoutCategories() mem.Options {
	o := extraColumns()
	o.Carries = map[pim.Kind]pim.FieldSet{}
	for _, k := range []pim.Kind{pim.KindEvent, pim.KindTask, pim.KindContact} {
		o.Carries[k] = pim.AllOf(k).Minus(pim.Set(pim.FieldCategories, pim.FieldCustom))
	}
	return o
}

func column(t testing.TB, name string) remote.Column {
	t.Helper()
	for _, c := range extraColumns().Columns[pim.KindEvent] {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no column %s", name)
	return remote.Column{}
}

// mappedRules are rules with a map of events.
func mappedRules(m rule.FieldMap) rule.Rules {
	r := open(rule.Ask)
	r.Fields = map[pim.Kind]rule.FieldMap{pim.KindEvent: m}
	return r
}

func customs(t testing.TB) rule.FieldMap {
	return rule.FieldMap{Custom: []rule.Custom{
		{Column: column(t, "UsrRegion"), As: "X-REGION"},
		{Column: column(t, "UsrKey"), As: rule.AsCategory},
		{Column: column(t, "UsrHint"), As: rule.AsNotes},
		{Column: column(t, "UsrLevel"), As: rule.AsNotes},
	}}
}

// remap changes the map as a person does, and runs.
func (w *world) remap(m rule.FieldMap) rule.Touch {
	w.t.Helper()
	touch, err := w.engine.SetRules(w.ctx, w.link.ID, mappedRules(m))
	if err != nil {
		w.t.Fatal(err)
	}
	w.clean()
	return touch
}

func (w *world) column(name string) string {
	w.t.Helper()
	return w.crm.Column(mem.Activities, w.record().ID, name)
}

func (w *world) setColumn(name, value string) {
	w.t.Helper()
	if !w.crm.SetColumn(mem.Activities, w.record().ID, name, value) {
		w.t.Fatal("no record")
	}
}

// rewrite edits the one object's text as a device does.
func (w *world) rewrite(from, to string) {
	w.t.Helper()
	o := w.only()
	text := strings.ReplaceAll(strings.ReplaceAll(string(o.Text), "\r\n ", ""), from, to)
	if text == string(o.Text) {
		w.t.Fatalf("no %q in\n%s", from, o.Text)
	}
	wr, err := newCodec(w.clock.Now(), "").index(o.Kind, []byte(text))
	if err != nil {
		w.t.Fatal(err)
	}
	w.putText(o.Name, o.UID, wr)
}

func (w *world) wantColumns(want map[string]string) {
	w.t.Helper()
	for name, v := range want {
		if got := w.column(name); got != v {
			w.t.Errorf("column %s is %q, want %q", name, got, v)
		}
	}
}

func historyHas(h History, id pim.FieldID, part string) bool {
	for _, e := range h.Events {
		for _, c := range e.Fields {
			if c.Field == id && strings.Contains(c.After+c.Before, part) {
				return true
			}
		}
	}
	return false
}

// onBothShort is a world on SQLite for a test that has many of them.
func onBothShort(t *testing.T, n int, f func(*world)) {
	t.Helper()
	f(newWorld(t, storetest.Open(t), "ann"+time.Duration(n).String(), extraColumns(), open(rule.Ask)))
}
