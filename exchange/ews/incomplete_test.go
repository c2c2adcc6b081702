package ews

import (
	"net/http"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

// A success that has nothing in it is no list of nothing: who believed it would take everything for deleted.
func TestAnAnswerWithoutAFolderIsNoList(t *testing.T) {
	t.Parallel()
	for name, inside := range map[string]string{"no folder": "", "an empty one": "<m:RootFolder/>", "one that goes on": `<m:RootFolder IncludesLastItemInRange="false"><t:Items/></m:RootFolder>`} {
		var f *fake
		f = newFake(t, func(op string, n int, w http.ResponseWriter, _ *http.Request) {
			switch op {
			case "GetFolder":
				all := f.of(op)
				send(w, 200, success(op, folderOf(all[len(all)-1].body)))
			default:
				send(w, 200, success(op, inside))
			}
		})
		refs, err := f.open(nil).List(t.Context(), "TASKS", remote.Scope{})
		if pim.ReasonOf(err) != pim.ErrProtocol || len(refs) != 0 {
			t.Errorf("%s: %d refs, %v", name, len(refs), err)
		}
	}
	f := newFake(t, func(op string, n int, w http.ResponseWriter, r *http.Request) {
		if op == "GetFolder" {
			send(w, 200, success(op, calendarFolder))
			return
		}
		script(op, n, w, r)
	})
	if refs, err := f.open(nil).List(t.Context(), "CAL", remote.Scope{}); err != nil || len(refs) != 0 {
		t.Errorf("an empty calendar: %d refs, %v", len(refs), err)
	}
}
