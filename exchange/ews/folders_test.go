package ews

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var offsetOf = regexp.MustCompile(`Offset="(\d+)"`)

// A folder that is deleted between two pages has no other one passed over.
func TestFoldersAreWholeWhileOneGoes(t *testing.T) {
	t.Parallel()
	there := []string{"A", "B", "C", "D", "E", "F"}
	var f *fake
	f = newFake(t, func(op string, n int, w http.ResponseWriter, _ *http.Request) {
		asked := f.of(op)
		at := atoi(offsetOf.FindStringSubmatch(asked[len(asked)-1].body)[1])
		to := min(at+3, len(there))
		var b strings.Builder
		fmt.Fprintf(&b, `<m:RootFolder IncludesLastItemInRange="%t" IndexedPagingOffset="%d"><t:Folders>`, to == len(there), to)
		for _, id := range there[min(at, to):to] {
			fmt.Fprintf(&b, `<t:Folder><t:FolderId Id=%q/></t:Folder>`, id)
		}
		send(w, 200, success(op, b.String()+`</t:Folders></m:RootFolder>`))
		if n == 1 {
			there = there[1:]
		}
	})
	all, err := f.open(nil).findFolders(t.Context(), "test")
	var got []string
	for _, x := range all {
		got = append(got, x.ID.ID)
	}
	if err != nil || !slices.Equal(got, there) {
		t.Errorf("%v, %v", got, err)
	}
}
