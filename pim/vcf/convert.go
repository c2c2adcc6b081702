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
		if v := trim(l.Text()); to == V3 && len(v) > 4 && strings.EqualFold(v[:4], "tel:") {
			l = l.WithoutParam("VALUE").WithValue(line.Escape(v[4:]))
		}
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

func convertBinary(l *line.Line, to Version) *line.Line {
	data, mediaType, ok := binary(l)
	if !ok {
		return convertReference(l, to)
	}
	if mediaType == "" && (l.Name == "PHOTO" || l.Name == "LOGO") {
		mediaType = imageType(data)
	}
	if mediaType == "" {
		mediaType = "application/octet-stream"
	}
	return withBinary(l, data, mediaType, to)
}

// convertReference keeps a URI: VALUE=uri in version 3.0, where it is not the default.
func convertReference(l *line.Line, to Version) *line.Line {
	if to == V3 {
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
	// The old spelling is not to be kept here.
	return dateValue(l.WithValue(""), w, to)
}

func convertRev(l *line.Line, to Version) *line.Line {
	for _, layout := range []string{"20060102T150405Z0700", time.RFC3339, "2006-01-02T15:04:05", "20060102T150405"} {
		if t, err := time.Parse(layout, trim(l.Value)); err == nil {
			return l.WithoutParam("VALUE").WithValue(revision(t, to))
		}
	}
	return l
}

// convertGeo changes between 37.38;-122.08 (RFC 2426 3.4.2) and geo:37.38,-122.08 (RFC
// 6350 6.5.2).
func convertGeo(l *line.Line, to Version) *line.Line {
	v := trim(l.Text())
	rest, isURI := strings.CutPrefix(strings.ToLower(v), "geo:")
	switch {
	case to == V4 && !isURI:
		if lat, long, ok := strings.Cut(v, ";"); ok {
			return l.WithoutParam("VALUE").WithValue("geo:" + trim(lat) + "," + trim(long))
		}
	case to == V3 && isURI:
		rest, _, _ = strings.Cut(rest, ";")
		if lat, long, ok := strings.Cut(rest, ","); ok {
			return l.WithoutParam("VALUE").WithValue(lat + ";" + long)
		}
	}
	return l
}
