package crm_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
)

func named(names ...string) (out []crm.LookupValue) {
	for _, n := range names {
		out = append(out, crm.LookupValue{ID: "id " + n, Name: n})
	}
	return out
}

func TestMatch(t *testing.T) {
	t.Parallel()
	list := named("Acme Industries Ltd.", "Nordic Acme", "Ärzte & Söhne", "Alpha One", "Alpha Two", "acme", "X")
	for name, want := range map[string]struct {
		how  crm.How
		name string
	}{
		"Acme":                {crm.Exact, "acme"},
		"acme industries LTD": {crm.Exact, "Acme Industries Ltd."},
		"Acme Indu":           {crm.Partial, "Acme Industries Ltd."},
		"Nordic":              {crm.Partial, "Nordic Acme"},
		"Söhne":               {crm.Partial, "Ärzte & Söhne"},
		"Industries":          {crm.Partial, "Acme Industries Ltd."},
		"Alpha":               {crm.Several, ""},
		"Al":                  {crm.Unknown, ""},
		"x":                   {crm.Exact, "X"},
		"Beta":                {crm.Unknown, ""},
		"  ":                  {crm.Unknown, ""},
		"":                    {crm.Unknown, ""},
	} {
		v, how, fits := crm.Match(name, list)
		if how != want.how || v.Name != want.name || (how == crm.Several) != (len(fits) > 1) {
			t.Errorf("%q: %q %d %v, want %+v", name, v.Name, how, fits, want)
		}
	}
}

func TestCompanyCode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"#A100#": "A100", " # A 1 # ": "A 1", "##": "", "# #": "", "A100": "", "#A#B#": "", "#": "", "": ""} {
		if got, ok := pim.CompanyCode(in); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v", in, got, ok)
		}
	}
}

// TestRowB9 looks names up the one way that all drivers do.
func TestRowB9(t *testing.T) {
	t.Parallel()
	var added []string
	l := crm.Lookup{Field: pim.FieldCompany, What: "company",
		Find: func(context.Context, string) (crm.Offer, error) {
			return crm.Offer{Values: named("Acme Ltd", "Beta One", "Beta Two")}, nil
		},
		Add: func(_ context.Context, name string) (crm.LookupValue, error) {
			added = append(added, name)
			return crm.LookupValue{ID: "new", Name: name}, nil
		},
		Code: func(_ context.Context, code string) (crm.LookupValue, bool, error) {
			return crm.LookupValue{ID: "coded", Name: "Coded"}, code == "A1", nil
		},
	}
	for name, want := range map[string]struct{ id, says string }{
		"Acme Ltd": {"id Acme Ltd", ""},
		"ACME":     {"id Acme Ltd", "the only one that fits"},
		"Beta":     {"new", "several fit (Beta One, Beta Two)"},
		"Gamma":    {"new", "was added"},
		"#A1#":     {"coded", "with the code A1"},
		" ":        {"", ""},
	} {
		v, note, err := l.Resolve(t.Context(), name)
		if err != nil || v.ID != want.id || !strings.Contains(note.Says, want.says) || (want.says == "") != (note.Says == "") {
			t.Errorf("%q: %+v %+v %v", name, v, note, err)
		}
	}
	if len(added) != 2 {
		t.Errorf("added %q", added)
	}
	if _, _, err := l.Resolve(t.Context(), "#B2#"); !errors.Is(err, pim.ErrRefused) || !strings.Contains(pim.PublicText(err), "no company with the code B2") {
		t.Errorf("an unknown code: %v", err)
	}
	// Who may not add leaves it out; a CRM that is down is no reason to.
	for kind, fails := range map[pim.Reason]bool{pim.ErrForbidden: false, pim.ErrRefused: false, pim.ErrUnavailable: true} {
		l.Add = func(context.Context, string) (crm.LookupValue, error) {
			return crm.LookupValue{}, &pim.Error{Op: "t", Kind: kind, Public: "no"}
		}
		v, note, err := l.Resolve(t.Context(), "Gamma")
		if (err != nil) != fails || v.ID != "" || !fails && !strings.Contains(note.Says, "left out") {
			t.Errorf("%s: %+v %+v %v", kind, v, note, err)
		}
	}
	// Of a list that was cut off nothing is taken in part, and nothing is added to it.
	l.Find = func(context.Context, string) (crm.Offer, error) {
		return crm.Offer{Values: named("Acme Ltd", "Beta One"), Cut: true}, nil
	}
	l.Add = func(context.Context, string) (crm.LookupValue, error) {
		t.Error("added to a list of which only a part is known")
		return crm.LookupValue{}, nil
	}
	for name, want := range map[string]string{"Acme": "", "Gamma": "", "ACME ltd": "id Acme Ltd"} {
		if v, note, err := l.Resolve(t.Context(), name); err != nil || v.ID != want || want == "" && !strings.Contains(note.Says, "several fit") {
			t.Errorf("%q in a part: %+v %+v %v", name, v, note, err)
		}
	}
	l.Find = func(context.Context, string) (crm.Offer, error) { return crm.Offer{}, nil }
	l.Add, l.Else = nil, "it stands in the job title"
	if _, note, err := l.Resolve(t.Context(), "Gamma"); err != nil || !strings.Contains(note.Says, "stands in the job title") {
		t.Errorf("%+v %v", note, err)
	}
}

func TestCacheCountsRequests(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	asked := map[string]int{}
	c := crm.NewCache(clock, time.Hour, 2, func(_ context.Context, key string) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		if asked[key]++; key == "bad" {
			return 0, errors.New("no")
		}
		return asked[key], nil
	})
	count := func(key string, want int) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if asked[key] != want {
			t.Errorf("%s was asked %d times, want %d", key, asked[key], want)
		}
	}
	later := func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	get := func(key string) {
		if _, err := c.Get(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() { get("a") })
	}
	wg.Wait()
	count("a", 1)
	later(30 * time.Second)
	if _, again, err := c.Again(t.Context(), "a"); again || err != nil {
		t.Error("asked again at once")
	}
	later(time.Minute)
	if v, again, err := c.Again(t.Context(), "a"); !again || err != nil || v != 2 {
		t.Errorf("not asked again: %d %v %v", v, again, err)
	}
	later(59 * time.Minute)
	get("a")
	count("a", 2)
	later(2 * time.Minute)
	get("a")
	count("a", 3)
	later(time.Second)
	for range 2 {
		if _, err := c.Get(t.Context(), "bad"); err == nil {
			t.Error("a failure was kept")
		}
	}
	count("bad", 2)
	// There is room for two: "a" was used longer ago than "bad".
	later(time.Second)
	get("b")
	get("a")
	count("a", 4)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hold := crm.NewCache(clock, time.Hour, 1, func(ctx context.Context, _ string) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	if _, err := hold.Get(ctx, "x"); err == nil {
		t.Error("a cancelled call found something")
	}
}
