package ews

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

var stateOf = regexp.MustCompile(`<m:SyncState>(\w+)</m:SyncState>`)

// treeOf serves pages of folders: the answer to a state.
func treeOf(t *testing.T, pages map[string]string) *fake {
	var f *fake
	f = newFake(t, func(op string, _ int, w http.ResponseWriter, _ *http.Request) {
		asked := f.of(op)
		last := asked[len(asked)-1].body
		if op == "GetFolder" {
			send(w, 200, success(op, strings.Split(calendarFolder+strings.Repeat(",ErrorFolderNotFound|", strings.Count(last, "<t:DistinguishedFolderId")-1), ",")...))
			return
		}
		state := ""
		if m := stateOf.FindStringSubmatch(last); m != nil {
			state = m[1]
		}
		send(w, 200, success(op, pages[state]))
	})
	return f
}

func page(next string, last bool, changes ...string) string {
	return fmt.Sprintf(`<m:SyncState>%s</m:SyncState><m:IncludesLastFolderInRange>%t</m:IncludesLastFolderInRange><m:Changes>%s</m:Changes>`, next, last, strings.Join(changes, ""))
}

func told(how, id, parent string) string {
	return fmt.Sprintf(`<t:%s><t:CalendarFolder><t:FolderId Id=%q/><t:ParentFolderId Id=%q/><t:FolderClass>IPF.Appointment</t:FolderClass><t:DisplayName>%s</t:DisplayName></t:CalendarFolder></t:%s>`, how, id, parent, id, how)
}

func gone(id string) string { return fmt.Sprintf(`<t:Delete><t:FolderId Id=%q/></t:Delete>`, id) }

// What happens to folders between two pages is told by later ones; one that is gone is gone with all in it; what is new may be told as a
// change, and what went as something nobody knew; and a state that ends in the middle has all begin anew.
func TestFoldersAreWholeWhileTheyChange(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"":   page("S1", false, told("Create", "CAL", "TOP"), told("Create", "A", "CAL"), told("Create", "AA", "A"), told("Create", "B", "CAL")),
		"S1": page("S2", false, gone("A"), gone("X"), told("Update", "C", "CAL")),
		"S2": page("S3", true, told("Update", "B", "C")),
		"S3": page("S4", true, gone("C")),
		"S4": "ErrorInvalidSyncStateData|",
	}
	f := treeOf(t, pages)
	m := f.open(nil)
	for _, want := range []string{"[CAL B C]", "[CAL]", "[CAL B C]"} {
		cs, err := m.Collections(t.Context())
		var got []string
		for _, c := range cs {
			got = append(got, string(c.ID))
		}
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%v, %v, want %s", got, err, want)
		}
	}
}

// Live servers have been seen to tell that there is more and then to give the same state again with nothing: then there is nothing more now,
// and the next time goes on from there.
func TestTheSameStateAgain(t *testing.T) {
	t.Parallel()
	f := treeOf(t, map[string]string{"": page("S1", true, told("Create", "CAL", "TOP"), told("Create", "A", "CAL")), "S1": page("S1", false)})
	m := f.open(nil)
	for range 2 {
		if cs, err := m.Collections(t.Context()); err != nil || len(cs) != 2 {
			t.Errorf("%v, %v", cs, err)
		}
	}
	f = newFake(t, func(op string, _ int, w http.ResponseWriter, _ *http.Request) {
		send(w, 200, success(op, `<m:SyncState>STATE1</m:SyncState><m:IncludesLastItemInRange>false</m:IncludesLastItemInRange><m:Changes/>`))
	})
	since := encodeCursor(pim.KindEvent, "STATE1")
	if d, err := f.open(nil).Changes(t.Context(), "CAL", remote.Scope{}, since); err != nil || d.More || d.Next != since {
		t.Errorf("%+v, %v", d, err)
	}
}

// A list of folders whose state ends again and again is no loop.
func TestFoldersWithoutEnd(t *testing.T) {
	t.Parallel()
	f := treeOf(t, map[string]string{"": page("S1", false, told("Create", "A", "CAL")), "S1": "ErrorInvalidSyncStateData|"})
	if _, err := f.open(nil).Collections(t.Context()); pim.ReasonOf(err) != pim.ErrUnavailable {
		t.Errorf("%v", err)
	}
}
