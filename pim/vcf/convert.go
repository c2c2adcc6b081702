package vcf

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Convert gives the card in version v (V3 or V4), for a client that asked for it: c
// itself when it is that already. Lines that are the same in both versions keep every byte.
// Properties that only one version knows take the name that programs agree on in the other
// (X-ANNIVERSARY, X-GENDER, X-ADDRESSBOOKSERVER-*), so that a conversion back finds them; those
// without one stay as they are. The result is for sending, not for storing.
// pim.ErrUnsupported for another version, or a card that is none of 2.1, 3.0 and 4.0.
func Convert(c *Card, v Version) (*Card, error) {
	const op = "vcf: convert"
	from := c.Version()
	if v != V3 && v != V4 || from != V21 && from != V3 && from != V4 {
		return nil, pim.Errorf(op, pim.ErrUnsupported, "there is no conversion between these vCard versions")
	}
	if from == v {
		return c, nil
	}
	out := c.clone()
	for _, l := range out.card.All("") {
		next := l
		if from == V21 {
			next = modern(next)
		}
		next = convertLine(c.renamed(next, v), v)
		if next != l {
			out.card.Replace(l, next)
		}
	}
	out.card.Set(line.New("VERSION", string(v)))
	out.complete(v)
	return out, nil
}

// complete adds what v requires.
func (c *Card) complete(v Version) {
	p := c.Item()
	if c.card.First("FN") == nil {
		c.card.Add(line.New("FN", line.Escape(FullName(p))))
	}
	if v == V3 && c.card.First("N") == nil { // RFC 2426 3.1.2
		c.card.AddAfter(c.card.First("FN"), derivedName(p))
	}
}

// renamed are the names of one thing in version 4.0 and 3.0.
var renamed = [...]struct{ v4, v3 string }{
	{"ANNIVERSARY", "X-ANNIVERSARY"},
	{"GENDER", "X-GENDER"},
	{"MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"},
	{"KIND", "X-ADDRESSBOOKSERVER-KIND"},
}

// renamed is the line under the name of version v, unless the card has that one too, as
// some programs write both.
func (c *Card) renamed(l *line.Line, v Version) *line.Line {
	for _, r := range renamed {
		from, to := r.v3, r.v4
		if v == V3 {
			from, to = to, from
		}
		if l.Name == from && c.card.First(to) == nil {
			return l.WithName(to)
		}
	}
	return l
}

func convertLine(l *line.Line, to Version) *line.Line {
	switch l.Name {
	case "PHOTO", "LOGO", "SOUND", "KEY":
		return convertBinary(l, to)
	case "BDAY", "ANNIVERSARY", "X-ANNIVERSARY", "DEATHDATE":
		return convertDate(l, to)
	case "REV":
		return convertRev(l, to)
	case "GEO":
		return convertGeo(l, to)
	case "TEL":
		l = convertTel(l, to)
	}
	return convertTypes(l, to)
}

// convertTypes turns the first choice and the lists of types into the version's form.
func convertTypes(l *line.Line, to Version) *line.Line {
	ts := types(l)
	if to == V4 {
		if !slices.Contains(ts, "pref") && !slices.Contains(ts, "internet") {
			return l
		}
		if slices.Contains(ts, "pref") {
			l = l.WithParam(line.P("PREF", "1"))
		}
		return withTypes(l, slices.DeleteFunc(ts, func(t string) bool { return t == "pref" || t == "internet" }))
	}
	if trim(l.Param("PREF")) == "1" {
		ts = append(ts, "pref")
		return withTypes(l.WithoutParam("PREF"), ts)
	}
	// RFC 6350 lets a list of types be one quoted value, which 3.0 programs misread.
	if slices.ContainsFunc(l.All("TYPE"), func(v string) bool { return strings.Contains(v, ",") }) {
		return withTypes(l, ts)
	}
	return l
}

// convertTel writes a tel: URI as the text that version 3.0 has for it. One with parameters (RFC 3966 3: an extension, a
// context) is told by them and becomes a URI again; a plain number stays the text that it is in most cards.
func convertTel(l *line.Line, to Version) *line.Line {
	v := trim(l.Text())
	switch {
	case to == V3 && len(v) > 4 && strings.EqualFold(v[:4], "tel:"):
		return l.WithoutParam("VALUE").WithValue(line.Escape(v[4:]))
	case to == V4 && hasTelParams(v):
		return l.WithParam(line.P("VALUE", "uri")).WithValue("tel:" + v)
	}
	return l
}

// hasTelParams reports a number as in a tel: URI, followed by parameters.
func hasTelParams(v string) bool {
	number, params, ok := strings.Cut(v, ";")
	if !ok || number == "" || strings.Trim(number, "+-.()*#0123456789") != "" {
		return false
	}
	for p := range strings.SplitSeq(params, ";") {
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" || value == "" || strings.ContainsAny(p, " ,\t\n") {
			return false
		}
	}
	return true
}

func convertBinary(l *line.Line, to Version) *line.Line {
	data, written, ok := binary(l)
	if !ok {
		return convertReference(l, to)
	}
	out := withBinary(l, data, typeOf(l.Name, data, written), to)
	// TYPE holds labels, too, in both versions.
	var kept []string
	for _, t := range types(l) {
		switch {
		case t == "home", t == "work":
			kept = append(kept, t)
		case t == "pref" && to == V4:
			out = out.WithParam(line.P("PREF", "1"))
		}
	}
	if len(kept) > 0 {
		out = out.WithParam(line.P("TYPE", append(out.All("TYPE"), kept...)...))
	}
	return out
}

// convertReference keeps a URI: VALUE=uri in version 3.0, where it is not the default. Texts, which keys may be, are the
// same in both.
func convertReference(l *line.Line, to Version) *line.Line {
	switch v := l.Param("VALUE"); {
	case v != "" && !strings.EqualFold(v, "uri") && !strings.EqualFold(v, "url"):
		return l
	case to == V3:
		return l.WithParam(line.P("VALUE", "uri"))
	}
	return l.WithoutParam("VALUE")
}

func convertDate(l *line.Line, to Version) *line.Line {
	if strings.EqualFold(l.Param("VALUE"), "text") {
		return l
	}
	w, ok := dateOf(l)
	if !ok {
		return l
	}
	_, written, timed := strings.Cut(strings.ToUpper(trim(textOf(l))), "T")
	clock, ok := clockValue(written, to)
	if timed && !ok {
		return l // better in the other version's form than without its time
	}
	// The old spelling is not to be kept here.
	next := dateValue(l.WithValue(""), w, to)
	if timed {
		next = next.WithValue(next.Value + "T" + clock)
	}
	return next
}

// clockValue is a time of day with or without a zone (RFC 6350 4.3.2) in the form of version v: 103000Z, or 10:30:00Z as
// RFC 2426 has it, which needs the seconds. False for all else, such as parts of a second, which version 4.0 has not.
func clockValue(clock string, v Version) (string, bool) {
	digits := strings.ReplaceAll(clock, ":", "")
	if strings.ContainsAny(digits, ".,") {
		return "", false
	}
	for _, zone := range []struct{ in, v3, v4 string }{{"", "", ""}, {"Z0700", "Z07:00", "Z0700"}, {"Z07", "Z07:00", "Z0700"}} {
		for _, layout := range []string{"150405", "1504", "15"} {
			t, err := time.Parse(layout+zone.in, digits)
			switch {
			case err != nil:
			case v == V3:
				return t.Format("15:04:05" + zone.v3), true
			default:
				return t.Format("150405" + zone.v4), true
			}
		}
	}
	return "", false
}

func convertRev(l *line.Line, to Version) *line.Line {
	for _, layout := range []string{"20060102T150405Z0700", time.RFC3339, "2006-01-02T15:04:05", "20060102T150405"} {
		if t, err := time.Parse(layout, trim(l.Value)); err == nil {
			return l.WithoutParam("VALUE").WithValue(revision(t, to))
		}
	}
	return l
}

// geoURI is the parameter in which version 3.0 has what its GEO has no room for: altitude, uncertainty, another system.
const geoURI = "X-GEO-URI"

// convertGeo changes between 37.38;-122.08 (RFC 2426 3.4.2) and geo:37.38,-122.08 (RFC 6350 6.5.2). What else a URI says
// comes back as long as nobody has moved the place.
func convertGeo(l *line.Line, to Version) *line.Line {
	v := trim(l.Text())
	lat, long, more, isURI := geoOf(v)
	switch {
	case to == V3 && isURI:
		l = l.WithoutParam("VALUE").WithValue(lat + ";" + long)
		if more {
			l = l.WithParam(line.P(geoURI, v))
		}
	case to == V4 && !isURI:
		lat, long, ok := strings.Cut(v, ";")
		if !ok {
			return l
		}
		lat, long = trim(lat), trim(long)
		uri := trim(l.Param(geoURI))
		if a, b, _, ok := geoOf(uri); !ok || a != lat || b != long {
			uri = "geo:" + lat + "," + long
		}
		return l.WithoutParam("VALUE", geoURI).WithValue(uri)
	}
	return l
}

// geoOf reads a geo: URI (RFC 5870 3.3); more says that there is more in it than the two coordinates.
func geoOf(v string) (lat, long string, more, ok bool) {
	if len(v) < 4 || !strings.EqualFold(v[:4], "geo:") {
		return "", "", false, false
	}
	place, params, _ := strings.Cut(v[4:], ";")
	lat, long, ok = strings.Cut(place, ",")
	long, altitude, _ := strings.Cut(long, ",")
	return lat, long, params != "" || altitude != "", ok
}
