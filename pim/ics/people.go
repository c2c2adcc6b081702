package ics

import (
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// personOf reads ORGANIZER or ATTENDEE: the address of mailto:, else the EMAIL
// parameter (RFC 7986 6.2) that goes with addresses of other kinds.
func personOf(l *line.Line) pim.Person {
	p := pim.Person{Name: trim(l.Param("CN"))}
	v := trim(l.Value)
	switch {
	case isMailto(v):
		p.Email = trim(v[len("mailto:"):])
	case trim(l.Param("EMAIL")) != "":
		p.Email = trim(l.Param("EMAIL"))
	case strings.Contains(v, "@") && !strings.Contains(v, ":"):
		p.Email = v
	case p.Name == "":
		p.Name = v
	}
	if isMailto(p.Email) {
		p.Email = p.Email[len("mailto:"):]
	}
	return p
}

func attendeeOf(l *line.Line) pim.Attendee {
	a := pim.Attendee{
		Person:   personOf(l),
		Answer:   strings.ToLower(trim(l.Param("PARTSTAT"))),
		Optional: strings.EqualFold(trim(l.Param("ROLE")), "OPT-PARTICIPANT"),
	}
	if a.Answer == "needs-action" {
		a.Answer = ""
	}
	return a
}

// personKey tells people apart: by address, else by name.
func personKey(p pim.Person) string {
	if p.Email != "" {
		return "mailto:" + strings.ToLower(p.Email)
	}
	return p.Name
}

// attendees are those of the component, each once.
func (r reader) attendees() []pim.Attendee {
	var out []pim.Attendee
	seen := map[string]bool{}
	for _, l := range r.c.All("ATTENDEE") {
		a := attendeeOf(l)
		if k := personKey(a.Person); k != "" && !seen[k] {
			seen[k] = true
			out = append(out, a)
		}
	}
	return out
}
