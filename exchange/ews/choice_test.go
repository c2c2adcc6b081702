package ews_test

import (
	"slices"
	"strings"
	"testing"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// TestRowC4OnlyOwnTasks: a task that the owner of the mailbox has given to somebody else is not among what the scope has, unless that has
// other people's; one that was given to the owner, and one that nobody gave, are.
func TestRowC4OnlyOwnTasks(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	for title, role := range map[string]string{"mine": "", "not assigned": "0", "given away": "1", "given to me": "2"} {
		property := ""
		if role != "" {
			property = `<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId="Task" PropertyId="33065" PropertyType="Integer"/><t:Value>` + role + `</t:Value></t:ExtendedProperty>`
		}
		r.soap(`<m:CreateItem><m:Items><t:Task><t:Subject>` + title + `</t:Subject>` + property + `</t:Task></m:Items></m:CreateItem>`)
	}
	m := r.open(exchange.Settings{})
	cs, err := m.Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(cs, func(c remote.Collection) bool { return c.Kinds.Has(pim.KindTask) })
	for all, want := range map[bool]string{false: "given to me, mine, not assigned", true: "given away, given to me, mine, not assigned"} {
		s := remote.Scope{AllOwners: all}
		d, err := m.Changes(t.Context(), cs[at].ID, s, "")
		if err != nil {
			t.Fatal(err)
		}
		l, _ := remote.As[remote.Lister](m)
		refs, err := l.List(t.Context(), cs[at].ID, s)
		if err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, rec := range d.Changed {
			titles = append(titles, rec.Item.Summary())
		}
		slices.Sort(titles)
		if got := strings.Join(titles, ", "); got != want || len(refs) != len(titles) {
			t.Errorf("with all owners %t: %s, and %d listed; want %s", all, got, len(refs), want)
		}
	}
}
