package ews_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/ews/ewssim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// folder makes one below another, which a fixed name or an id names.
func (r *rig) folder(parent, name string) (id string) {
	r.t.Helper()
	in := `<t:DistinguishedFolderId Id="` + parent + `"/>`
	if strings.Contains(parent, "=") || len(parent) > 20 {
		in = `<t:FolderId Id="` + parent + `"/>`
	}
	return newID.FindStringSubmatch(r.soap(`<m:CreateFolder><m:ParentFolderId>` + in + `</m:ParentFolderId><m:Folders><t:CalendarFolder><t:DisplayName>` + name +
		`</t:DisplayName></t:CalendarFolder></m:Folders></m:CreateFolder>`))[1]
}

func (r *rig) dropFolder(id, how string) {
	r.t.Helper()
	r.soap(`<m:DeleteFolder DeleteType="` + how + `"><m:FolderIds><t:FolderId Id="` + id + `"/></m:FolderIds></m:DeleteFolder>`)
}

// calendars are the names of those that a mailbox tells, and how many requests that took, by operation.
func (r *rig) calendars(m exchange.Mailbox) (names []string, asked map[string]int) {
	r.t.Helper()
	before := r.sim.Counts()
	cs, err := m.Collections(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	asked = maps.Clone(r.sim.Counts())
	for op, n := range before {
		if asked[op] -= n; asked[op] == 0 {
			delete(asked, op)
		}
	}
	for _, c := range cs {
		if c.Kinds.Has(pim.KindEvent) {
			names = append(names, c.Name)
		}
	}
	return names, asked
}

// TestFoldersAreFollowed: folders are read whole once, page by page, and then by what became of them, each time with one request; where a state
// has ended all is read again, and none is missed.
func TestFoldersAreFollowed(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *ewssim.Options) { o.MaxFolders = 3 })
	team := r.folder("calendar", "Team")
	inner := r.folder(team, "Inner")
	m := r.open(nil)
	expect := func(what string, want []string, requests string) {
		t.Helper()
		names, asked := r.calendars(m)
		if !slices.Equal(names, want) || requests != "" && fmt.Sprint(asked) != requests {
			t.Errorf("%s: %q by %v, want %q by %s", what, names, asked, want, requests)
		}
	}
	expect("whole", []string{"Calendar", "Inner", "Team"}, "map[GetFolder:1 SyncFolderHierarchy:5]")
	const one, turned = "map[SyncFolderHierarchy:1]", "map[GetFolder:1 SyncFolderHierarchy:1]"
	expect("nothing happened", []string{"Calendar", "Inner", "Team"}, one)
	r.folder("tasks", "Among tasks")
	expect("a new one", []string{"Calendar", "Among tasks", "Inner", "Team"}, turned)
	r.soap(`<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:FolderId Id="` + team + `" ChangeKey="` + r.folderKey(team) + `"/><t:Updates><t:SetFolderField><t:FieldURI FieldURI="folder:DisplayName"/>` +
		`<t:CalendarFolder><t:DisplayName>All of us</t:DisplayName></t:CalendarFolder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>`)
	expect("another name", []string{"Calendar", "All of us", "Among tasks", "Inner"}, one)
	r.sim.ExpireStates()
	expect("the state ended", []string{"Calendar", "All of us", "Among tasks", "Inner"}, "")
	expect("and goes on", []string{"Calendar", "All of us", "Among tasks", "Inner"}, one)
	r.dropFolder(team, "MoveToDeletedItems")
	expect("into the bin, with what is in it", []string{"Calendar", "Among tasks"}, one)
	r.dropFolder(team, "HardDelete")
	expect("for good", []string{"Calendar", "Among tasks"}, turned)
	if _, err := m.Changes(t.Context(), remote.CollectionID(inner), remote.Scope{}, ""); !errors.Is(err, pim.ErrNotFound) {
		t.Errorf("a folder that is gone: %v", err)
	}
}

func (r *rig) folderKey(id string) string {
	r.t.Helper()
	got := r.soap(`<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:FolderId Id="` + id + `"/></m:FolderIds></m:GetFolder>`)
	_, rest, _ := strings.Cut(got, `ChangeKey="`)
	key, _, _ := strings.Cut(rest, `"`)
	return key
}

// No failure of a sync of folders is taken for folders that went.
func TestNoSyncErrorTakesFolders(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]pim.Reason{
		"ErrorInvalidSyncStateData": "", "ErrorSyncFolderNotFound": pim.ErrNotFound, "ErrorMailboxMoveInProgress": pim.ErrUnavailable, "ErrorTimeoutExpired": pim.ErrUnavailable,
		"ErrorAccessDenied": pim.ErrForbidden, "ErrorBatchProcessingStopped": pim.ErrUnavailable, "ErrorSomethingNew": pim.ErrRefused,
	} {
		for _, kind := range []ewssim.FaultKind{ewssim.FaultCode, ewssim.FaultSOAP} {
			r := newRig(t, func(o *ewssim.Options) { o.MaxFolders = 3 })
			m := r.open(nil)
			r.folder("calendar", "One")
			before, _ := r.calendars(m)
			r.folder("calendar", "Two")
			f := ewssim.Fault{Kind: kind, Op: "SyncFolderHierarchy", Code: code}
			if want == "" {
				f.Count = 1 // all is read again, from no state
			}
			r.fault(f)
			if cs, err := m.Collections(t.Context()); pim.ReasonOf(err) != want || err != nil && len(cs) != 0 {
				t.Errorf("%s as %s: %v", code, kind, err)
			}
			r.sim.ClearFaults()
			r.clock.Advance(time.Hour)
			if after, _ := r.calendars(m); len(before) != 2 || !slices.Equal(after, []string{"Calendar", "One", "Two"}) {
				t.Errorf("%s as %s: %q, afterwards %q", code, kind, before, after)
			}
		}
	}
}

// A calendar that is made tells those who watch any folder: with it, all of them are other ones.
func TestAFolderThatIsMadeIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil)
	hints, ended, stop := watch(t, m, home(t, m, pim.KindTask))
	defer stop()
	wait(t, "subscription", hints)
	r.folder("calendar", "Team")
	wait(t, "hint", hints)
	select {
	case err := <-ended:
		t.Errorf("the watch ended: %v", err)
	default:
	}
}
