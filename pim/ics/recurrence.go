package ics

import "crmbridge/pim"

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
			rec.Changed = append(rec.Changed, pim.Occurrence{At: r.when(s), Item: r.o.view(c, r.z)})
		}
	}
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
