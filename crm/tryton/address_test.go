package tryton

import (
	"reflect"
	"testing"

	"crmbridge/pim"
)

func TestTargetKeepsWhatHasNoField(t *testing.T) {
	t.Parallel()
	a := pim.Address{POBox: "PO Box 12", Street: "Storgata 1", Extended: "House B", City: "Oslo", Region: "Viken", PostalCode: "0155", Country: "Utopia", Preferred: true}
	want := target{building: "House B", street: "PO Box 12\nStorgata 1\nViken\nUtopia", postalCode: "0155", city: "Oslo", preferred: true}
	if got := targetOf(a, 0, 0); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	want.street, want.country, want.subdivision = "PO Box 12\nStorgata 1", 7, 9
	if got := targetOf(a, 7, 9); got != want {
		t.Errorf("with country and region: %+v, want %+v", got, want)
	}
}

func TestAddressEdits(t *testing.T) {
	t.Parallel()
	at := func(id int64, street, city string, seq *int64) place {
		return place{part: part{ID: id, Active: true, Sequence: seq}, Street: street, City: city}
	}
	rows := []place{at(1, "Storgata 1", "Oslo", nil), at(2, "Torget 2", "Bergen", nil), at(3, "", "", nil)}
	for _, c := range []struct {
		name   string
		wanted []target
		want   edits
	}{
		{"the same in another order", []target{{street: "Torget 2", city: "Bergen"}, {street: "Storgata 1", city: "Oslo"}}, edits{}},
		{"moved within the city", []target{{street: "Storgata 99", city: "Oslo"}, {street: "Torget 2", city: "Bergen"}}, edits{write: []rowWrite{{1, values{"street": "Storgata 99"}}}}},
		{"a third fills the blank row", []target{{street: "Storgata 1", city: "Oslo"}, {street: "Torget 2", city: "Bergen"}, {street: "Kaia 3", city: "Bodø", country: 5}},
			edits{write: []rowWrite{{3, values{"street": "Kaia 3", "city": "Bodø", "country": int64(5)}}}}},
		{"a fourth is made", []target{{street: "Storgata 1", city: "Oslo"}, {street: "Torget 2", city: "Bergen"}, {street: "Kaia 3", city: "Bodø"}, {street: "Havna 4"}},
			edits{write: []rowWrite{{3, values{"street": "Kaia 3", "city": "Bodø"}}}, create: []values{{"name": nil, "street": "Havna 4", "postal_code": nil, "city": nil, "country": nil, "subdivision": nil, "sequence": nil}}}},
		{"one goes", []target{{street: "Torget 2", city: "Bergen"}}, edits{remove: []int64{1}}},
		{"all go, the blank row stays", []target{{}}, edits{remove: []int64{1, 2}}},
		{"the second is preferred", []target{{street: "Torget 2", city: "Bergen", preferred: true}, {street: "Storgata 1", city: "Oslo"}},
			edits{write: []rowWrite{{2, values{"sequence": int64(1)}}, {1, values{"sequence": int64(2)}}}}},
	} {
		if got := addressEdits(rows, c.wanted); !sameEdits(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestArrange(t *testing.T) {
	t.Parallel()
	n := number
	for _, c := range []struct {
		have      []*int64
		preferred bool
		want      []*int64
	}{
		{nil, true, nil},
		{[]*int64{nil, nil}, true, []*int64{n(1), n(2)}},
		{[]*int64{n(10), n(20)}, true, []*int64{n(10), n(20)}},
		{[]*int64{n(20), n(10), nil}, true, []*int64{n(20), n(21), n(22)}},
		{[]*int64{n(-5), nil}, true, []*int64{n(-5), n(-4)}},
		{[]*int64{n(10), n(20)}, false, []*int64{nil, n(20)}},
		{[]*int64{nil, n(20)}, false, []*int64{nil, n(20)}},
	} {
		if got := arrange(c.have, c.preferred); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v preferred %v: %v", c.have, c.preferred, got)
		}
	}
}

func TestOpsArchiveInsteadOfDeleting(t *testing.T) {
	t.Parallel()
	e := edits{create: []values{{"a": 1}}, write: []rowWrite{{1, values{"b": 2}}, {2, values{"b": 3}}}, remove: []int64{3, 4}}
	want := []any{
		[]any{"create", []values{{"a": 1}}},
		[]any{"write", []int64{1}, values{"b": 2}, []int64{2}, values{"b": 3}},
		[]any{"delete", []int64{3, 4}},
	}
	if got := e.ops(false); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	want[2] = []any{"write", []int64{3, 4}, values{"active": false}}
	if got := e.ops(true); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestCountryNamed(t *testing.T) {
	t.Parallel()
	all := []country{{ID: 1, Name: "Norway", Code: "NO", Code3: "NOR"}, {ID: 2, Name: "Germany", Code: "DE"}, {ID: 3, Name: "Côte d'Ivoire", Code: "CI"}}
	for name, want := range map[string]int64{
		"Norway": 1, "norway": 1, "NO": 1, "NOR": 1, "Norge": 1, "Norwegen": 1, "ノルウェー": 1, "Deutschland": 2, "Allemagne": 2, " Германия ": 2,
		"Utopia": 0, "": 0, "CÔTE D'IVOIRE": 3,
	} {
		if got := countryNamed(all, name).ID; got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}
