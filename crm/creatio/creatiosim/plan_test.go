package creatiosim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever index a query uses, its rows are those that a scan of the whole table finds, in the order asked for.
func TestIndexesAgreeWithScan(t *testing.T) {
	t.Parallel()
	clock := newClock()
	sim, err := New(Options{Now: clock.Now, Users: testUsers(), LookupFilter: ByEither})
	must(t, err)
	defer sim.Close()
	people := []string{supervisorContact, sim.ContactOf("plain")}
	var rows []Fields
	base := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i := range 60 {
		f := Fields{"Title": fmt.Sprintf("T%d", i%7), "OwnerId": people[min(1, i%5)], "StartDate": base, "DueDate": base,
			"ModifiedOn": base.Add(time.Duration(i%23) * time.Second)}
		if i%9 == 0 {
			f["OwnerId"] = nil
		}
		rows = append(rows, f)
	}
	must(t, sim.Import("Activity", rows))
	tab := sim.db.tables["Activity"]
	admin := sim.users.accounts["supervisor"]
	rapid.Check(t, func(rt *rapid.T) {
		text := drawFilter(rt, tab, people, base, 3)
		f, bad := sim.parseFilter(text, tab.ent)
		if bad != nil {
			rt.Fatalf("%s: %v", text, bad)
		}
		orders := []string{"", "ModifiedOn", "ModifiedOn,Id", "ModifiedOn desc", "ModifiedOn desc,Id desc", "ModifiedOn desc,Id", "Title,Id", "Title desc"}
		q := query{filter: f, top: -1, count: rapid.Bool().Draw(rt, "count")}
		if o := rapid.SampledFrom(orders).Draw(rt, "order"); o != "" {
			q.order, _ = parseOrder(o, tab.ent)
		}
		var want []*row
		for _, r := range tab.order {
			if f.match(sim.db, r) {
				want = append(want, r)
			}
		}
		sim.sortRows(want, q.order)
		if ok, backward := q.streamsInModOrder(); ok && backward && len(q.order) == 1 {
			slices.SortFunc(want, func(a, b *row) int { return -byModified(a, b) }) // equal stamps have no order of their own
		}
		need := rapid.IntRange(1, 70).Draw(rt, "need")
		got, total := sim.matching(tab, &q, admin, need)
		if q.count && total != len(want) {
			rt.Fatalf("%s: count %d, want %d", text, total, len(want))
		}
		n := min(need, len(want))
		if len(got) < n || !slices.Equal(got[:n], want[:n]) {
			rt.Fatalf("%s: got %d rows, want %d, or another order", text, len(got), n)
		}
	})
}

func drawFilter(rt *rapid.T, tab *table, people []string, base time.Time, depth int) string {
	op := func(ops ...string) string { return rapid.SampledFrom(ops).Draw(rt, "op") }
	switch rapid.IntRange(0, 7).Draw(rt, "kind") {
	case 0:
		at := base.Add(time.Duration(rapid.IntRange(-1, 24_500).Draw(rt, "ms")) * time.Millisecond)
		return "ModifiedOn " + op("eq", "ne", "gt", "ge", "lt", "le") + " " + at.Format("2006-01-02T15:04:05.000Z")
	case 1:
		return "Id " + op("eq", "ne") + " " + rapid.SampledFrom(tab.order).Draw(rt, "row").id.String()
	case 2:
		return op("Owner/Id", "OwnerId", "Author/Id") + " " + op("eq", "ne") + " " + rapid.SampledFrom(append(people, "null")).Draw(rt, "who")
	case 4:
		either := []string{"Id eq 11111111-1111-1111-1111-111111111111", "Owner/Id eq 22222222-2222-2222-2222-222222222222"}
		lookup := op("Id", "Owner/Id", "OwnerId")
		for range rapid.IntRange(1, 4).Draw(rt, "ids") {
			id := rapid.SampledFrom(people).Draw(rt, "person")
			if lookup == "Id" {
				id = rapid.SampledFrom(tab.order).Draw(rt, "row").id.String()
			}
			either = append(either, lookup+" eq "+id)
		}
		return "(" + strings.Join(either[rapid.IntRange(0, 2).Draw(rt, "from"):], " or ") + ")"
	case 3:
		return "Title " + op("eq", "gt") + " 'T" + op("0", "1", "2", "9") + "'"
	}
	if depth == 0 {
		return "Owner/Name eq 'Sue Pervisor'"
	}
	a, b := drawFilter(rt, tab, people, base, depth-1), drawFilter(rt, tab, people, base, depth-1)
	switch rapid.IntRange(0, 2).Draw(rt, "join") {
	case 0:
		return "not (" + a + ")"
	case 1:
		return "(" + a + ") and (" + b + ")"
	}
	return "(" + a + ") or (" + b + ")"
}

// A table's indexes stay true through any series of changes, rolled back or not.
func TestTableInvariants(t *testing.T) {
	t.Parallel()
	sc, err := parseSchema(entityTable)
	must(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		st := newStore(sc, false)
		tab := st.tables["ContactCommunication"]
		contact, number := tab.ent.byName["ContactId"], tab.ent.byName["Number"]
		ids := rapid.SampledFrom([]guid{{1}, {2}, {3}, {15: 4}, {9: 5}})
		change := func(x *tx) {
			id := ids.Draw(rt, "id")
			if rapid.IntRange(0, 3).Draw(rt, "remove") == 0 {
				x.remove(tab.ent, id)
				return
			}
			r := st.blank(tab.ent, id)
			r.vals[colModifiedOn] = stamp(rapid.IntRange(0, 3).Draw(rt, "stamp"))
			r.vals[contact.pos] = orNil(guid{byte(rapid.IntRange(0, 2).Draw(rt, "contact"))})
			r.vals[number.pos] = fmt.Sprint(id)
			x.put(tab.ent, r)
		}
		shape := func() string {
			var b strings.Builder
			for _, r := range tab.order {
				fmt.Fprintln(&b, r.id, r.vals)
			}
			return b.String()
		}
		rt.Repeat(map[string]func(*rapid.T){
			"commit": func(rt *rapid.T) {
				n := rapid.IntRange(1, 4).Draw(rt, "changes")
				if err := st.update(func(x *tx) error {
					for range n {
						change(x)
					}
					return nil
				}); err != nil {
					rt.Fatal(err)
				}
			},
			"fail": func(rt *rapid.T) {
				before := shape()
				n := rapid.IntRange(1, 4).Draw(rt, "changes")
				if err := st.update(func(x *tx) error {
					for range n {
						change(x)
					}
					return errGroup
				}); err == nil || shape() != before {
					rt.Fatalf("not rolled back: %v", err)
				}
			},
			"": func(rt *rapid.T) { checkTable(rt, tab, contact) },
		})
	})
}

func checkTable(rt *rapid.T, tab *table, ref *column) {
	if len(tab.order) != len(tab.byID) || len(tab.mod) != len(tab.byID) {
		rt.Fatalf("%d by id, %d ordered, %d by stamp", len(tab.byID), len(tab.order), len(tab.mod))
	}
	if !slices.IsSortedFunc(tab.order, byKey) || !slices.IsSortedFunc(tab.mod, byModified) {
		rt.Fatal("an index is out of order")
	}
	indexed := 0
	for target, set := range tab.refs[ref.pos] {
		for id := range set {
			indexed++
			if r := tab.byID[id]; r == nil || r.ref(ref.pos) != target {
				rt.Fatalf("index names %s for %s", id, target)
			}
		}
	}
	for i, r := range tab.order {
		if tab.byID[r.id] != r || !slices.Contains(tab.mod, r) || i > 0 && tab.order[i-1] == r {
			rt.Fatalf("%s is not in every index", r.id)
		}
		if r.vals[ref.pos] != nil {
			indexed--
		}
	}
	if indexed != 0 {
		rt.Fatalf("the lookup index is off by %d", indexed)
	}
}
