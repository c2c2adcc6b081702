package creatio

import (
	"slices"
	"testing"
)

func values(names ...string) []value {
	var out []value
	for i, n := range names {
		out = append(out, value{id: madeID(n, string(rune('a'+i))), name: n})
	}
	return out
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	standard := func(lookup string) []value {
		var out []value
		for _, m := range meanings() {
			if m.lookup == lookup && m.id != "" {
				out = append(out, value{id: m.id, name: "renamed by somebody"})
			}
		}
		return out
	}
	byID := recognise("ActivityCategory", standard("ActivityCategory"), nil)
	if byID.ids[categoryMeeting] != "42c74c49-58e6-df11-971b-001d60e938c6" {
		t.Errorf("by id: %v", byID.ids)
	}
	for name, list := range map[string][]value{
		"English": values("To do", "Meeting", "Something else"), "Russian": values("Выполнить", "Встреча"),
		"Finnish": values("Tehtävä", "Tapaaminen"), "Swedish": values("ATT GÖRA", " Möte "), "Portuguese": values("A fazer", "Reunião"),
	} {
		got := recognise("ActivityCategory", list, nil)
		if got.ids[categoryToDo] != list[0].id || got.ids[categoryMeeting] != list[1].id {
			t.Errorf("%s: %v", name, got.ids)
		}
	}
	list := values("Besuch", "Meeting")
	got := recognise("ActivityCategory", list, map[string]guid{categoryMeeting: list[0].id, categoryToDo: nobody})
	if got.ids[categoryMeeting] != list[0].id || got.word[list[1].id] != "" || got.known(categoryToDo) {
		t.Errorf("settings come first: %v %v", got.ids, got.word)
	}
}

func TestAddedStatuses(t *testing.T) {
	t.Parallel()
	list := values("Not started", "Waiting for the customer", "Done and dusted", "Cancelled")
	list[2].finish, list[3].finish = true, true
	got := recognise("ActivityStatus", list, nil)
	want := []string{statusNew, statusRunning, statusDone, statusCancelled}
	for i, v := range list {
		if got.word[v.id] != want[i] || got.ids[want[i]] != v.id {
			t.Errorf("%s means %q, %s is %s", v.name, got.word[v.id], want[i], got.name(got.ids[want[i]]))
		}
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	list := values("Site inspection", "Meeting")
	got := recognise("ActivityCategory", list, nil)
	for in, want := range map[string]guid{"site  INSPECTION ": list[0].id, string(list[1].id): list[1].id, "": "", "Visit": ""} {
		if v, ok := got.named(in); v.id != want || ok != (want != "") {
			t.Errorf("%q is %v", in, v)
		}
	}
}

// The table of meanings is part of the settings and must be consistent.
func TestMeanings(t *testing.T) {
	t.Parallel()
	seen, ids := map[string]bool{}, map[guid]bool{}
	for _, m := range meanings() {
		key := m.lookup + " " + m.word
		if seen[m.word] || m.id != "" && ids[m.id] {
			t.Errorf("%s is twice in the table", key)
		}
		seen[m.word], ids[m.id] = true, true
		if _, ok := parseGUID(string(m.id)); m.id != "" && !ok {
			t.Errorf("%s: %s is no id", key, m.id)
		}
	}
	for _, w := range []string{typeEmail, categoryMeeting, statusCancelled, commEmail, addressWork, answerMaybe} {
		if !slices.Contains(words(), w) {
			t.Errorf("%s has no row", w)
		}
	}
}
