package creatio

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

const someID = guid("60733efc-f36b-1410-a883-16d83cab0980")

func TestConditions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 12, 0, 0, 500_000_000, time.FixedZone("", 7200))
	owned := all(byNavigation.is("Owner", "eq", someID), since("ModifiedOn", at), cond{}, either(equals("Name", "O'Brien and Sons"), compare("ShowInScheduler", "eq", "true")))
	for name, c := range map[string]struct {
		got  cond
		want string
		cols string
	}{
		"all": {owned, "Owner/Id eq " + string(someID) + " and ModifiedOn ge 2026-11-21T10:00:00.5Z and (Name eq 'O''Brien and Sons' or ShowInScheduler eq true)",
			"OwnerId ModifiedOn Name ShowInScheduler"},
		"by column":   {byColumn.among("Type", []guid{someID, nobody}), "(TypeId eq " + string(someID) + " or TypeId eq " + string(nobody) + ")", "TypeId TypeId"},
		"one of one":  {byNavigation.among("Type", []guid{someID}), "Type/Id eq " + string(someID), "TypeId"},
		"none":        {either(), "", ""},
		"behind":      {behind("Activity", owned), "Activity/Owner/Id eq " + string(someID) + " and Activity/ModifiedOn ge 2026-11-21T10:00:00.5Z and (Activity/Name eq 'O''Brien and Sons' or Activity/ShowInScheduler eq true)", "ActivityId"},
		"behind none": {behind("Activity", cond{}), "", ""},
	} {
		if c.got.text != c.want || strings.Join(c.got.cols, " ") != c.cols {
			t.Errorf("%s:\n got %s %v\nwant %s %s", name, c.got.text, c.got.cols, c.want, c.cols)
		}
	}
}

// What is filtered on has to be selected, or the site does not find the column.
func TestFilteredColumnsAreSelected(t *testing.T) {
	t.Parallel()
	q := query{filter: all(equals("Name", "x"), byNavigation.is("Owner", "eq", someID)), sel: []string{"Id", "Name"}, top: 5, order: "Id asc"}
	got, err := url.QueryUnescape(q.values().Encode())
	want := "$filter=Name eq 'x' and Owner/Id eq " + string(someID) + "&$orderby=Id asc&$select=Id,Name,OwnerId&$top=5"
	if err != nil || got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func FuzzBehind(f *testing.F) {
	f.Add("O'Brien Owner eq Name")
	f.Add("''")
	f.Fuzz(func(t *testing.T, name string) {
		c := behind("Activity", equals("Name", name))
		if want := "Activity/Name eq " + quote(name); c.text != want {
			t.Errorf("%q became %q, want %q", name, c.text, want)
		}
	})
}
