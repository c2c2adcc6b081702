package ews

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"crmbridge/pim"
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

// A list of folders without an end is an error, and one whose state ends again and again is no loop.
func TestFoldersWithoutEnd(t *testing.T) {
	t.Parallel()
	for want, pages := range map[pim.Reason]map[string]string{
		pim.ErrProtocol:   {"": page("S1", false, told("Create", "A", "CAL")), "S1": page("S1", false)},
		pim.ErrCursorGone: {"": page("S1", false, told("Create", "A", "CAL")), "S1": "ErrorInvalidSyncStateData|"},
	} {
		if _, err := treeOf(t, pages).open(nil).Collections(t.Context()); pim.ReasonOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
