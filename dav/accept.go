package dav

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/pim/vcf"
)

// cardVersion is the version of vCard that the Accept header asks for (RFC 6352 5.1.1), "" for the card as it is. Types that
// are no vCard do not count: Thunderbird and KDE accept XML and HTML alone, whatever they ask for (RFC 9110 12.5.1
// allows to pass over the header). Only who names versions, and none that there is, is refused.
func (q *request) cardVersion(r *resource) (vcf.Version, error) {
	ranges := cardRanges(q.r.Header)
	if len(ranges) == 0 {
		return "", nil
	}
	stored, other := vcf.V3, vcf.V4
	if isV4(r.obj.Text) {
		stored, other = other, stored
	}
	asIs, converted := ranges.weight(string(stored)), ranges.weight(string(other))
	switch {
	case asIs == 0 && converted == 0:
		f := forbidden(davxml.CR("supported-address-data-conversion"), "Cards are of version 3.0 or 4.0.")
		f.status = http.StatusNotAcceptable
		return "", f
	case converted > asIs:
		return other, nil
	}
	return "", nil
}

// cardRange is one media range of an Accept header that vCards are in.
type cardRange struct {
	version string // "" for any
	weight  float64
}

type cardRangeList []cardRange

// cardRanges is empty when no range names vCards.
func cardRanges(h http.Header) cardRangeList {
	var out cardRangeList
	named := false
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		t, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		r := cardRange{version: params["version"], weight: 1}
		if q, ok := params["q"]; ok {
			if r.weight, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		switch t {
		case "text/vcard", "text/x-vcard", "text/directory":
			named = true
		case "text/*", "*/*":
			r.version = ""
		default:
			continue
		}
		out = append(out, r)
	}
	if !named {
		return nil
	}
	return out
}

// weight is the preference for a version, 0 for one that is not taken. A range that names it counts before one that
// does not (RFC 9110 12.5.1).
func (l cardRangeList) weight(version string) float64 {
	exact, loose := -1.0, 0.0
	for _, r := range l {
		switch r.version {
		case version:
			exact = max(exact, r.weight)
		case "":
			loose = max(loose, r.weight)
		}
	}
	if exact >= 0 {
		return exact
	}
	return loose
}

// isV4 looks at the version without reading the rest.
func isV4(text []byte) bool {
	const line = "VERSION:4.0"
	for l := range bytes.SplitSeq(text, []byte("\n")) {
		if l = bytes.TrimSpace(l); len(l) == len(line) && strings.EqualFold(string(l), line) {
			return true
		}
	}
	return false
}

// convertCard gives a card in another version; false when it cannot be.
func convertCard(text []byte, v vcf.Version, lim Limits) ([]byte, bool) {
	c, err := vcf.Parse(text, lim.vcf())
	if err != nil {
		return nil, false
	}
	out, err := vcf.Convert(c, v)
	if err != nil {
		return nil, false
	}
	return out.Bytes(), true
}
