package ewssim

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFolder: a server that opens the folder of an earlier one has its items, ids and states, and goes on counting.
func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := newRig(t, Options{Dir: dir})
	kept := one.create("", `<t:Task><t:Subject>kept</t:Subject></t:Task>`)
	gone := one.create("", `<t:Task><t:Subject>gone</t:Subject></t:Task>`)
	kept = one.change(kept, set("Task", "item:Subject", "<t:Subject>changed</t:Subject>"))
	_, state := one.sync("tasks", "", 100)
	one.ok(`<m:DeleteItem DeleteType="HardDelete" AffectedTaskOccurrences="AllOccurrences"><m:ItemIds>` + gone.String() + `</m:ItemIds></m:DeleteItem>`)
	before := one.get(kept).String()
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	// A line that was cut off was never answered.
	path := filepath.Join(dir, journalName)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"at":"2026`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}

	two := newRig(t, Options{Dir: dir, Secret: []byte("another one")})
	if after := two.get(kept).String(); after != before {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
	if changes, _ := two.sync("tasks", state, 100); len(changes) != 1 || changes[0] != "Delete "+gone.at("Id") {
		t.Errorf("since the state there was %v", changes)
	}
	next := two.create("", `<t:Task><t:Subject>next</t:Subject></t:Task>`)
	if next.at("Id") == gone.at("Id") || next.at("Id") == kept.at("Id") {
		t.Error("an id is given twice")
	}
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	if three := newRig(t, Options{Dir: dir}); three.get(next).str("Subject") != "next" {
		t.Error("what was made after the cut off line is lost")
	}
	if err := os.WriteFile(path, []byte("rubbish\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Dir: dir, Mailboxes: people()}); err == nil {
		t.Error("a journal that cannot be read is opened")
	}
}
