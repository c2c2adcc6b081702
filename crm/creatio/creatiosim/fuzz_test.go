package creatiosim

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func fuzzSim(f *testing.F) *Sim {
	clock := newClock()
	s, err := New(Options{Now: clock.Now, Users: testUsers(), Seed: Demo(clock.Now(), testUsers()[0])})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	return s
}

// A filter either parses and then runs on every row, or is refused with a 400, or a 500 that names a path.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"Title eq 'it''s' and (Owner/Id ne null or not contains(tolower(Notes),'x'))",
		"ModifiedOn ge 2026-11-21T10:00:00.5+02:00", "Id eq 8ecab4a1-0ca3-4515-9399-efe0a19390bd", "year(StartDate) lt -1.5e3",
		"Id eq guid'8ecab4a1-0ca3-4515-9399-efe0a19390bd'", "((((", "not not true", "1 eq 1 eq true", "a/b/c", "''", "-", "\x00\xff"} {
		f.Add(seed)
	}
	s := fuzzSim(f)
	e := s.db.schema.byName["Activity"]
	f.Fuzz(func(t *testing.T, text string) {
		flt, bad := s.parseFilter(text, e)
		if bad != nil {
			if bad.status != 400 && !(bad.status == 500 && strings.HasPrefix(bad.text, "Column by path ")) {
				t.Errorf("%q: %v", text, bad)
			}
			return
		}
		tab := s.db.tables["Activity"]
		cand, _ := tab.candidates(flt)
		in := map[*row]bool{}
		for _, r := range cand {
			in[r] = true
		}
		for _, r := range tab.order {
			if flt.match(s.db, r) && !in[r] {
				t.Errorf("%q: the index leaves out a row that matches", text)
			}
		}
	})
}

func FuzzOrder(f *testing.F) {
	for _, seed := range []string{"Title", "ModifiedOn desc,Id asc", " Title  asc ", ",", "Owner/Name", "Title desc desc"} {
		f.Add(seed)
	}
	s := fuzzSim(f)
	e := s.db.schema.byName["Activity"]
	f.Fuzz(func(t *testing.T, text string) {
		keys, bad := parseOrder(text, e)
		if bad == nil && len(keys) == 0 {
			t.Errorf("%q gives no keys and no error", text)
		}
		if bad == nil {
			rows := s.db.tables["Activity"].byID
			list := make([]*row, 0, len(rows))
			for _, r := range rows {
				list = append(list, r)
			}
			s.sortRows(list, keys)
		}
	})
}

// $select and $expand are parsed and then used, so that an expansion that parses can also be written.
func FuzzSelectExpand(f *testing.F) {
	for _, seed := range [][2]string{{"Id,Title", "Owner($select=Id;$expand=Account)"}, {"*", "ActivityParticipantCollectionByActivity($filter=contains(Description,')');$top=1)"},
		{"", "Owner("}, {"Id", "Owner($select=Id))"}, {"Data", "Type,Type"}} {
		f.Add(seed[0], seed[1])
	}
	s := fuzzSim(f)
	e := s.db.schema.byName["Activity"]
	admin := s.users.accounts["supervisor"]
	f.Fuzz(func(t *testing.T, sel, expand string) {
		opts := options{"$select": sel, "$expand": expand}
		q, bad := s.parseQuery(opts, e, "$select", "$expand")
		if bad != nil {
			if bad.status != 400 && bad.status != 500 {
				t.Errorf("%v", bad)
			}
			return
		}
		w := &writer{s: s, who: admin}
		b := w.appendRow(nil, e, s.db.tables["Activity"].order[0], &q, "")
		if !utf8.Valid(b) || b[len(b)-1] != '}' {
			t.Errorf("%q %q: %s", sel, expand, b)
		}
	})
}

// Any path, query and body below the service is answered, never with a panic.
func FuzzHandler(f *testing.F) {
	f.Add("GET", "Activity(8ecab4a1-0ca3-4515-9399-efe0a19390bd)/Title/$value", "$select=Id", "")
	f.Add("POST", "Contact", "", `{"Name":"x","BirthDate":"1990-01-01T00:00:00Z","Age":3}`)
	f.Add("POST", "$batch", "", `{"requests":[{"id":"1","method":"GET","url":"City?$top=1"}]}`)
	f.Add("PATCH", "Contact("+supervisorContact+")", "", `{"Name":null}`)
	f.Add("PUT", "SysImage("+supervisorContact+")/Data", "", "bytes")
	s := fuzzSim(f)
	result, cookies := s.logIn("Supervisor", testPassword)
	if result.Code != 0 {
		f.Fatal(result)
	}
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r := httptest.NewRequest("POST", "/0/odata/x", strings.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: "/0/odata/" + path, RawQuery: query}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("ForceUseSession", "true")
		for _, c := range cookies {
			r.AddCookie(c)
			if c.Name == "BPMCSRF" {
				r.Header.Set("BPMCSRF", c.Value)
			}
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 599 || w.Code == 401 {
			t.Errorf("%s %q ?%q: %d", method, path, query, w.Code)
		}
	})
}

func FuzzGUID(f *testing.F) {
	f.Add("8ecab4a1-0ca3-4515-9399-efe0a19390bd")
	f.Fuzz(func(t *testing.T, text string) {
		if g, ok := parseGUID(text); ok && g.String() != strings.ToLower(text) {
			t.Errorf("%q reads as %s", text, g)
		}
	})
}
