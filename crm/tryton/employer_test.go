package tryton

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"crmbridge/pim"
)

// namedParties answers a search for parties.
func namedParties(names ...string) string {
	rows := make([]string, len(names))
	for i, n := range names {
		rows[i] = fmt.Sprintf(`{"id":%d,"name":%q}`, 100+i, n)
	}
	return `{"id":1,"result":[` + strings.Join(rows, ",") + `]}`
}

// An employer is looked for beyond the first parties that have one of its words.
func TestEmployersBeyondTheFirstParties(t *testing.T) {
	t.Parallel()
	var firms []string
	for n := range mostAlike {
		firms = append(firms, fmt.Sprintf("Firm%d GmbH", n))
	}
	f := &fake{}
	f.answer = func(_ int, method, params string) string {
		switch {
		case method == "model.party.party.create":
			t.Errorf("a party was made: %s", params)
		case method != "model.party.party.search_read":
		case strings.Contains(params, "%abc%") && strings.Contains(params, "%gmbh%"):
			return namedParties("ABC GmbH & Co. KG")
		case strings.Contains(params, "ilike"): // one word, or words of which many names are made
			return namedParties(firms...)
		default:
			return namedParties()
		}
		return ""
	}
	c, known := openFake(t, f), &facts{employer: 5}
	id, note, err := c.employerNamed(t.Context(), known, "ABC GmbH & Co KG")
	if err != nil || id != 100 || note.Became != "ABC GmbH & Co. KG" {
		t.Errorf("%d %+v %v", id, note, err)
	}
	// Of too many nothing is known: none is taken in part, and none made.
	for _, name := range []string{"GmbH", "Firm GmbH"} {
		if id, note, err := c.employerNamed(t.Context(), known, name); err != nil || id != 0 || !strings.Contains(note.Says, "several fit") {
			t.Errorf("%q: %d %+v %v", name, id, note, err)
		}
	}
}

// Contacts that arrive together make their new employer once: a connector writes one
// record at a time, and what the first made the second finds.
func TestNewEmployerIsMadeOnce(t *testing.T) {
	t.Parallel()
	works, f := newWorks(func(int) {})
	c := openScenario(t, serve(t, f), map[string]string{"employer_relation": "Employee of"})
	var done sync.WaitGroup
	for n := range parallel {
		done.Go(func() {
			_, err := c.Create(t.Context(), Parties, entry(&pim.Contact{FullName: fmt.Sprintf("Ann Example %d", n), Company: "New Works"}), "")
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if made := f.made("model.party.party.create"); works() != 1 || len(made) != parallel+1 {
		t.Errorf("the employer was made %d times: %q", works(), made)
	}
}

// Two links to one Tryton that miss the same employer at the same time make it once.
func TestNewEmployerOfTwoLinksIsMadeOnce(t *testing.T) {
	t.Parallel()
	var both sync.WaitGroup
	both.Add(2)
	// Each asks for the name, and for its words; nobody goes on before both know that there is none.
	works, f := newWorks(func(search int) {
		if search <= 2 {
			both.Done()
			both.Wait()
		}
	})
	base := serve(t, f)
	var turn sync.Mutex
	var done sync.WaitGroup
	for n := range 2 {
		c := openScenario(t, base, map[string]string{"employer_relation": "Employee of"})
		c.alone = func(ctx context.Context, name string, do func(context.Context) error) error {
			if !strings.HasSuffix(name, c.Traits().Place) {
				t.Errorf("alone at %q", name)
			}
			turn.Lock()
			defer turn.Unlock()
			return do(ctx)
		}
		done.Go(func() {
			_, err := c.Create(t.Context(), Parties, entry(&pim.Contact{FullName: fmt.Sprintf("Ann Example %d", n), Company: "New Works"}), "")
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if works() != 1 {
		t.Errorf("the employer was made %d times: %q", works(), f.made("model.party.party.create"))
	}
}

// newWorks is a Tryton without the company New Works, and how often it was made there. before is told of each search for it by its
// whole name, and may wait.
func newWorks(before func(search int)) (made func() int, f *fake) {
	var mu sync.Mutex
	var works, searches int
	f = &fake{}
	f.answer = func(_ int, method, params string) string {
		all := `{"read":true,"write":true,"create":true,"delete":true}`
		if method == "model.party.party.search_read" && strings.Contains(params, "New Works") {
			mu.Lock()
			searches++
			n, none := searches, works == 0
			mu.Unlock()
			if none {
				before(n)
				return namedParties()
			}
		}
		mu.Lock()
		defer mu.Unlock()
		switch {
		case method == "model.ir.model.search_read":
			return `{"id":1,"result":[{"id":1,"model":"party.party"},{"id":2,"model":"party.relation.all"}]}`
		case method == "model.ir.model.access.get_access":
			return `{"id":1,"result":{"party.party":` + all + `,"party.relation.all":` + all + `}}`
		case method == "model.party.relation.type.search_read":
			return `{"id":1,"result":[{"id":5}]}`
		case method == "model.party.party.search_read" && strings.Contains(params, "Works"):
			if works == 0 {
				return namedParties()
			}
			return namedParties("New Works")
		case method == "model.party.party.create":
			if strings.HasPrefix(params, `[[{"name":"New Works"}]`) {
				works++
				return `{"id":1,"result":[100]}`
			}
			return `{"id":1,"result":[7]}`
		}
		return ""
	}
	made = func() int { mu.Lock(); defer mu.Unlock(); return works }
	return made, f
}
