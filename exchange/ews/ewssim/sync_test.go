package ewssim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestSync pages through 1,001 items, then sees changes only.
func TestSync(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	var all strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&all, `<t:Task><t:Subject>%d</t:Subject></t:Task>`, i)
	}
	res := r.ask(`<m:CreateItem><m:Items>` + all.String() + `</m:Items></m:CreateItem>`)
	var ids []*node
	for _, m := range messages(res) {
		ids = append(ids, m.path("Items").first().kid("ItemId"))
	}
	m := r.ok(syncFolder("tasks", "", 512))
	if m.str("IncludesLastItemInRange") != "false" || len(m.kid("Changes").kids) != 512 {
		t.Fatalf("first page: %s, %d", m.str("IncludesLastItemInRange"), len(m.kid("Changes").kids))
	}
	if got := m.kid("Changes").first().first().kid("ItemId").at("Id"); got != ids[1000].at("Id") {
		t.Error("the newest item is not the first")
	}
	// A change and an addition while the pages are read come at the end.
	r.change(ids[5], set("Task", "item:Subject", "<t:Subject>changed</t:Subject>"))
	added := r.create("", `<t:Task/>`)
	rest, state := r.sync("tasks", m.str("SyncState"), 512)
	if len(rest) != 489+2 {
		t.Fatalf("%d changes on later pages", len(rest))
	}
	tail := strings.Join(rest[489:], " ")
	if !strings.Contains(tail, "Update "+ids[5].at("Id")) || !strings.Contains(tail, "Create "+added.at("Id")) {
		t.Errorf("at the end: %s", tail)
	}
	if none, _ := r.sync("tasks", state, 512); len(none) != 0 {
		t.Errorf("nothing changed: %v", none)
	}
	r.ok(`<m:DeleteItem DeleteType="HardDelete" AffectedTaskOccurrences="AllOccurrences"><m:ItemIds>` + ids[7].String() + `</m:ItemIds></m:DeleteItem>`)
	short := r.create("", `<t:Task/>`)
	r.ok(`<m:DeleteItem DeleteType="HardDelete" AffectedTaskOccurrences="AllOccurrences"><m:ItemIds>` + short.String() + `</m:ItemIds></m:DeleteItem>`)
	for i := range 4 {
		r.change(ids[10+i], set("Task", "item:Subject", "<t:Subject>x</t:Subject>"))
	}
	paged, _ := r.sync("tasks", state, 2)
	if len(paged) != 5 {
		t.Errorf("five changes in pages of two: %v", paged)
	}
	if again, _ := r.sync("tasks", state, 512); len(again) != 5 {
		t.Errorf("the same state again: %v", again)
	}
	r.invalidStates(state)
}

func (r *rig) invalidStates(state string) {
	r.t.Helper()
	r.want("ErrorInvalidSyncStateData", syncFolder("tasks", "bm8=", 512))
	r.want("ErrorInvalidSyncStateData", syncFolder("calendar", state, 512))
	other := "A"
	if strings.HasSuffix(strings.TrimRight(state, "="), "A") {
		other = "B"
	}
	r.want("ErrorInvalidSyncStateData", syncFolder("tasks", state[:20]+other+state[21:len(state)-4]+"AAAA", 512))
	r.ExpireStates()
	r.want("ErrorInvalidSyncStateData", syncFolder("tasks", state, 512))
	r.want("ErrorSyncFolderNotFound", syncFolder("archiveinbox", "", 512))
}

// TestSyncOfReading: a message that is only read is no update.
func TestSyncOfReading(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	id := r.create(`MessageDisposition="SaveOnly"`, `<t:Message><t:Subject>x</t:Subject></t:Message>`)
	_, state := r.sync("drafts", "", 512)
	r.change(id, set("Message", "message:IsRead", "<t:IsRead>true</t:IsRead>"))
	if got, _ := r.sync("drafts", state, 512); len(got) != 1 || got[0] != "ReadFlagChange "+id.at("Id") {
		t.Errorf("%v", got)
	}
}

// TestHierarchy follows folders.
func TestHierarchy(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	read := func(root, state string) (map[string]string, string) {
		t.Helper()
		if state != "" {
			state = "<m:SyncState>" + state + "</m:SyncState>"
		}
		m := r.ok(`<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape><m:SyncFolderId><t:DistinguishedFolderId Id="` + root + `"/></m:SyncFolderId>` + state + `</m:SyncFolderHierarchy>`)
		out := map[string]string{}
		for _, ch := range m.kid("Changes").all() {
			name := ch.first().str("DisplayName")
			if ch.local() == "Delete" {
				name = "?"
			}
			out[name] = ch.local()
		}
		return out, m.str("SyncState")
	}
	all, state := read("msgfolderroot", "")
	if all["Calendar"] != "Create" || all["Deletions"] != "" || len(all) != 11 {
		t.Errorf("at first: %v", all)
	}
	id := r.ok(`<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="tasks"/></m:ParentFolderId><m:Folders><t:TasksFolder><t:DisplayName>More</t:DisplayName></t:TasksFolder></m:Folders></m:CreateFolder>`).
		path("Folders").first().kid("FolderId")
	r.want("ErrorFolderExists", `<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="tasks"/></m:ParentFolderId><m:Folders><t:TasksFolder><t:DisplayName>more</t:DisplayName></t:TasksFolder></m:Folders></m:CreateFolder>`)
	r.want("ErrorDeleteDistinguishedFolder", `<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds><t:DistinguishedFolderId Id="tasks"/></m:FolderIds></m:DeleteFolder>`)
	got, state := read("msgfolderroot", state)
	if len(got) != 1 || got["More"] != "Create" {
		t.Errorf("after creation: %v", got)
	}
	r.ok(`<m:UpdateFolder><m:FolderChanges><t:FolderChange>` + id.String() + `<t:Updates><t:SetFolderField><t:FieldURI FieldURI="folder:DisplayName"/><t:TasksFolder><t:DisplayName>Most</t:DisplayName></t:TasksFolder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>`)
	got, state = read("msgfolderroot", state)
	if len(got) != 1 || got["Most"] != "Update" {
		t.Errorf("after a new name: %v", got)
	}
	r.create("", `<t:Task/>`)
	r.ok(`<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>` + id.String() + `</m:FolderIds></m:DeleteFolder>`)
	if got, _ = read("msgfolderroot", state); len(got) != 1 || got["?"] != "Delete" {
		t.Errorf("after deletion: %v", got)
	}
	r.want("ErrorInvalidSyncStateData", `<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:SyncFolderId><t:DistinguishedFolderId Id="calendar"/></m:SyncFolderId><m:SyncState>`+state+`</m:SyncState></m:SyncFolderHierarchy>`)
}

// TestHierarchyByPages: folders come a few at a time, each once, and what becomes of them meanwhile comes afterwards; a state is of one
// folder, and none is for ever.
func TestHierarchyByPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{MaxFolders: 4})
	ask := func(state string) string {
		if state != "" {
			state = "<m:SyncState>" + state + "</m:SyncState>"
		}
		return `<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape><m:SyncFolderId><t:DistinguishedFolderId Id="msgfolderroot"/></m:SyncFolderId>` + state + `</m:SyncFolderHierarchy>`
	}
	told := func(m *node) (out []string) {
		for _, ch := range m.kid("Changes").all() {
			name := ch.first().str("DisplayName")
			if ch.local() == "Delete" {
				name = ch.kid("FolderId").at("Id")
			}
			out = append(out, ch.local()+" "+name)
		}
		if most := 4; len(out) > most {
			t.Errorf("%d folders at once", len(out))
		}
		return out
	}
	rest := func(state string) (out []string, next string) {
		for range 20 {
			m := r.ok(ask(state))
			out, state = append(out, told(m)...), m.str("SyncState")
			if m.str("IncludesLastFolderInRange") == "true" {
				return out, state
			}
		}
		t.Fatal("there is no end of it")
		return nil, ""
	}
	make := func(name string) *node {
		return r.ok(`<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderId><m:Folders><t:CalendarFolder><t:DisplayName>` + name + `</t:DisplayName></t:CalendarFolder></m:Folders></m:CreateFolder>`).
			path("Folders").first().kid("FolderId")
	}
	one := make("One")
	first := r.ok(ask(""))
	if first.str("IncludesLastFolderInRange") != "false" {
		t.Fatal("all folders at once")
	}
	r.ok(`<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>` + one.String() + `</m:FolderIds></m:DeleteFolder>`)
	two := make("Two")
	all, state := rest(first.str("SyncState"))
	if all = append(told(first), all...); !slices.Contains(all, "Create Two") || !slices.Contains(all, "Delete "+one.at("Id")) || slices.Contains(all, "Create One") {
		t.Errorf("%v", all)
	}
	if none, _ := rest(state); len(none) != 0 {
		t.Errorf("nothing happened: %v", none)
	}
	for _, name := range []string{"Three", "Four", "Five", "Six"} {
		make(name)
	}
	r.ok(`<m:DeleteFolder DeleteType="MoveToDeletedItems"><m:FolderIds>` + two.String() + `</m:FolderIds></m:DeleteFolder>`)
	if got, _ := rest(state); !slices.Equal(got, []string{"Create Three", "Create Four", "Create Five", "Create Six", "Update Two"}) {
		t.Errorf("%v", got)
	}
	r.want("ErrorInvalidSyncStateData", strings.Replace(ask(state), "msgfolderroot", "calendar", 1))
	r.want("ErrorInvalidSyncStateData", ask("bm8="))
	r.ExpireStates()
	r.want("ErrorInvalidSyncStateData", ask(state))
}
