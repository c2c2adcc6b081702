package ewssim

import (
	"fmt"
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
