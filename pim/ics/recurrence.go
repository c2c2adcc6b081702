package ics

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// recurrence is that of the whole object, nil when it does not repeat. What EXRULE takes away
// is listed as if EXDATE did, since Recurrence, and who reads it, knows no EXRULE.
func (r reader) recurrence() (*pim.Recurrence, error) {
	overrides := r.o.Overrides()
	rec := &pim.Recurrence{
		Dates:  r.dates("RDATE"),
		Except: r.dates("EXDATE"),
	}
	for _, l := range r.c.All("RRULE") {
		if v := trim(l.Value); v != "" {
			rec.Rules = append(rec.Rules, v)
		}
	}
	if len(rec.Rules) == 0 && len(rec.Dates) == 0 && len(rec.Except) == 0 && len(overrides) == 0 {
		return nil, nil
	}
	ruled, err := r.o.newSeries(r.c, r.z).excluded()
	if err != nil {
		return nil, err
	}
	named := whenSet(rec.Except)
	for _, s := range ruled {
		if w := r.when(s); !named[w.String()] {
			rec.Except = append(rec.Except, w)
		}
	}
	for _, c := range overrides {
		if s, ok := stampOf(c.First("RECURRENCE-ID")); ok {
			rec.Changed = append(rec.Changed, r.when(s))
		}
	}
	rec.Overrides = r.o.digest(overrides, r.z)
	return rec, nil
}

func (r reader) dates(name string) []pim.When {
	var out []pim.When
	for _, l := range r.c.All(name) {
		for _, s := range stampsOf(l) {
			out = append(out, r.when(s))
		}
	}
	return out
}

// digest is the same for overrides whose fields are the same, whatever their order,
// their DTSTAMP and all else that no field shows; "" for none.
func (o *Object) digest(overrides []*line.Block, z Zones) string {
	var marks []string
	for _, c := range overrides {
		it := o.view(c, z)
		if it == nil {
			continue
		}
		id := "?"
		if s, ok := stampOf(c.First("RECURRENCE-ID")); ok {
			id = o.reader(c, z).when(s).String()
		}
		marks = append(marks, id+" "+pim.Fingerprint(it, pim.AllOf(it.Kind())))
	}
	if len(marks) == 0 {
		return ""
	}
	slices.Sort(marks)
	h := sha256.New()
	for _, m := range marks {
		_, _ = h.Write([]byte(m + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
