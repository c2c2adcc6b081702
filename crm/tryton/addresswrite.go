package tryton

import (
	"slices"
	"strings"

	"crmbridge/pim"
)

// target is what an address is to be in Tryton's terms.
type target struct {
	building, street, postalCode, city string
	country, subdivision               int64
	preferred                          bool
}

// targetOf fits an address into Tryton. A post box has no field, and countries and
// regions are records that may not exist: what has no place of its own becomes a line
// of the street, where people and letters still find it.
func targetOf(a pim.Address, country, subdivision int64) target {
	lines := []string{a.POBox, a.Street}
	if subdivision == 0 {
		lines = append(lines, a.Region)
	}
	if country == 0 {
		lines = append(lines, a.Country)
	}
	lines = slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" })
	return target{
		building: strings.TrimSpace(oneLine(a.Extended)), street: strings.Join(lines, "\n"),
		postalCode: strings.TrimSpace(oneLine(a.PostalCode)), city: strings.TrimSpace(oneLine(a.City)),
		country: country, subdivision: subdivision, preferred: a.Preferred,
	}
}

func (t target) isEmpty() bool {
	t.preferred = false
	return t == target{}
}

// values are all fields; with a row, only those that differ.
func (t target) values(row *place) values {
	all := values{
		"name": orNull(t.building), "street": orNull(t.street), "postal_code": orNull(t.postalCode), "city": orNull(t.city),
		"country": orNoID(t.country), "subdivision": orNoID(t.subdivision),
	}
	if row == nil {
		return all
	}
	for name, same := range map[string]bool{
		"name": t.building == row.Building, "street": sameText(t.street, row.Street), "postal_code": t.postalCode == row.PostalCode,
		"city": t.city == row.City, "country": t.country == row.Country.ID, "subdivision": t.subdivision == row.Subdivision.ID,
	} {
		if same {
			delete(all, name)
		}
	}
	return all
}

func orNoID(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// sameText compares texts of several lines regardless of line ends.
func sameText(a, b string) bool {
	lf := func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n") }
	return strings.TrimRight(lf(a), "\n ") == strings.TrimRight(lf(b), "\n ")
}

// addressEdits turn the rows of a party into the wanted addresses. The blank row that
// Tryton's clients make is filled before a new one is added.
func addressEdits(all []place, wanted []target) edits {
	wanted = slices.DeleteFunc(slices.Clone(wanted), target.isEmpty)
	rows := sortPlaces(all)
	filled := len(rows)
	for _, a := range all {
		if bool(a.Active) && a.isEmpty() {
			rows = append(rows, a)
		}
	}
	fold := strings.EqualFold
	p := pair(len(wanted), len(rows),
		func(w, r int) bool { return len(wanted[w].values(&rows[r])) == 0 },
		func(w, r int) bool {
			return fold(wanted[w].street, rows[r].Street) && fold(wanted[w].city, rows[r].City)
		},
		func(w, r int) bool { return wanted[w].street != "" && fold(wanted[w].street, rows[r].Street) },
		func(w, r int) bool { return wanted[w].city != "" && fold(wanted[w].city, rows[r].City) },
		func(int, int) bool { return true })
	preferred := slices.IndexFunc(wanted, func(t target) bool { return t.preferred })
	order := p.order(preferred)
	have := make([]*int64, len(order))
	for i, w := range order {
		if r := p.rowOf[w]; r >= 0 {
			have[i] = rows[r].Sequence
		}
	}
	var e edits
	for i, n := range arrange(have, preferred >= 0) {
		w := order[i]
		if p.rowOf[w] < 0 {
			set := wanted[w].values(nil)
			set["sequence"] = orNoNumber(n)
			e.create = append(e.create, set)
			continue
		}
		row := rows[p.rowOf[w]]
		set := wanted[w].values(&row)
		if !sameNumber(row.Sequence, n) {
			set["sequence"] = orNoNumber(n)
		}
		if len(set) > 0 {
			e.write = append(e.write, rowWrite{row.ID, set})
		}
	}
	for _, r := range p.spare {
		if r < filled {
			e.remove = append(e.remove, rows[r].ID)
		}
	}
	return e
}
