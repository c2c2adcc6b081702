package tryton

import (
	"slices"
	"strings"
	"unicode"

	"crmbridge/pim"
)

// mechanismEdits turn the rows of a group into the wanted values. A value keeps its
// row, with the comment and language that people gave it in Tryton.
func mechanismEdits(rows []mechanism, g group, wanted []pim.Labeled) edits {
	rows = slices.DeleteFunc(slices.Clone(rows), func(m mechanism) bool { return groupOf(m.Type) != g })
	wanted = tidy(wanted)
	same := func(w, r int) bool { return valueKey(g, wanted[w].Value) == valueKey(g, rows[r].Value) }
	like := func(w, r int) bool { return labelMatches(g, wanted[w], rows[r]) }
	p := pair(len(wanted), len(rows),
		func(w, r int) bool { return wanted[w].Value == rows[r].Value && like(w, r) },
		func(w, r int) bool { return same(w, r) && like(w, r) },
		same, like)
	preferred := slices.IndexFunc(wanted, func(v pim.Labeled) bool { return v.Preferred })
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
		typ, name := mechanismOf(g, wanted[w])
		if p.rowOf[w] < 0 {
			e.create = append(e.create, values{"type": typ, "value": wanted[w].Value, "name": orNull(name), "sequence": orNoNumber(n)})
			continue
		}
		row, set := rows[p.rowOf[w]], values{}
		if row.Value != wanted[w].Value {
			set["value"] = wanted[w].Value
		}
		if !like(w, p.rowOf[w]) {
			set["type"], set["name"] = typ, orNull(name)
		}
		if !sameNumber(row.Sequence, n) {
			set["sequence"] = orNoNumber(n)
		}
		if len(set) > 0 {
			e.write = append(e.write, rowWrite{row.ID, set})
		}
	}
	for _, r := range p.spare {
		e.remove = append(e.remove, rows[r].ID)
	}
	return e
}

// labelMatches reports a row that would be read with the label of v. The name is
// people's own text, so that it is left alone as long as it says the same.
func labelMatches(g group, v pim.Labeled, row mechanism) bool {
	typ, name := mechanismOf(g, v)
	m := mechanism{Type: typ, Name: name}
	return row.label() == m.label() && row.Type == typ
}

// tidy drops what Tryton could not hold: empty values and second copies.
func tidy(in []pim.Labeled) []pim.Labeled {
	var out []pim.Labeled
	for _, v := range in {
		v.Value = strings.TrimSpace(oneLine(v.Value))
		v.Label = oneLine(v.Label)
		if v.Value != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// valueKey sees differently written numbers and addresses as one.
func valueKey(g group, s string) string {
	switch g {
	case phones:
		return strings.Map(func(r rune) rune {
			if r == '+' || unicode.IsDigit(r) || unicode.IsLetter(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	case emails:
		return strings.ToLower(s)
	}
	return s
}
