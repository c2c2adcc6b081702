package crm_test

import (
	"errors"
	"slices"
	"testing"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// sheet is a table over a row of texts.
func sheet() crm.Fields[map[string]string, map[string]string] {
	type field = crm.Field[map[string]string, map[string]string]
	task := func(it pim.Item) *pim.Task { return it.(*pim.Task) }
	return crm.Fields[map[string]string, map[string]string]{
		field{Mapping: crm.Required(crm.In(pim.FieldTitle, remote.TextColumn, "name")), Kinds: pim.Kinds(pim.KindTask),
			Read: func(r map[string]string, it pim.Item) { task(it).Title = r["name"] }, Write: func(w map[string]string) error { w["name"] = "written"; return nil }},
		field{Mapping: crm.ReadOnly(crm.In(pim.FieldOwner, remote.ReferenceColumn, "owner", "name")), Kinds: pim.Kinds(pim.KindTask)},
		field{Mapping: crm.Of("people", crm.In(pim.FieldAttendees, remote.RowsColumn, "person")), Kinds: pim.Kinds(pim.KindTask)},
		field{Mapping: crm.In(pim.FieldNotes, remote.TextColumn, "note"), Kinds: pim.Kinds(pim.KindContact), Asks: []string{"note.text"},
			Write: func(map[string]string) error { return errors.New("no") }},
	}
}

func TestATableTellsWhatIsCarriedAskedReadAndWritten(t *testing.T) {
	t.Parallel()
	traits := remote.Traits{Carries: map[pim.Kind]pim.FieldSet{}, Required: map[pim.Kind]pim.FieldSet{}}
	sheet().Declare(pim.KindTask, &traits)
	if want := pim.Set(pim.FieldTitle, pim.FieldOwner, pim.FieldAttendees); traits.Carries[pim.KindTask] != want ||
		traits.ReadOnly != pim.Set(pim.FieldOwner) || traits.Required[pim.KindTask] != pim.Set(pim.FieldTitle) {
		t.Errorf("carries %v, read only %v, required %v", traits.Carries, traits.ReadOnly, traits.Required)
	}
	if got, want := sheet().Asked(), []string{"name", "owner", "note.text"}; !slices.Equal(got, want) {
		t.Errorf("asked %q, want %q", got, want)
	}
	it := &pim.Task{}
	sheet().Read(map[string]string{"name": "Call"}, it)
	if it.Title != "Call" {
		t.Errorf("title %q", it.Title)
	}
	w := map[string]string{}
	if err := sheet().Write(pim.KindTask, pim.Set(pim.FieldNotes, pim.FieldOwner), w); err != nil || len(w) != 0 {
		t.Errorf("a field of another kind and one that is not in the set: %v, %v", w, err)
	}
	if err := sheet().Write(pim.KindTask, pim.Set(pim.FieldTitle), w); err != nil || w["name"] != "written" {
		t.Errorf("title: %v, %v", w, err)
	}
	if err := sheet().Write(pim.KindContact, pim.Set(pim.FieldNotes), w); err == nil {
		t.Error("a write that fails must tell")
	}
	if m := sheet().Map(pim.KindContact); len(m) != 1 || m[0].Field != pim.FieldNotes {
		t.Errorf("map %v", m)
	}
}
