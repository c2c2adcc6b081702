package dav

import (
	"net/http"
	"strconv"
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// preferences are what a client would like of the answer (RFC 7240, RFC 8144). The zero value asks for nothing.
type preferences struct {
	minimal        bool // return=minimal, or "Brief: t", which says the same in older programs
	representation bool // return=representation
	noRoot         bool // depth-noroot: the members without what was asked about itself
}

// readPreferences reads RFC 7240 2: only the first of a name counts, and what is not known is passed over.
func readPreferences(h http.Header) preferences {
	var p preferences
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.Join(h.Values("Prefer"), ","), ",") {
		part, _, _ = strings.Cut(part, ";")
		name, value, _ := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))
		if seen[name] {
			continue
		}
		seen[name] = true
		switch {
		case name == "return" && value == "minimal":
			p.minimal = true
		case name == "return" && value == "representation":
			p.representation = true
		case name == "depth-noroot" && value == "":
			p.noRoot = true
		}
	}
	if !seen["return"] && strings.EqualFold(strings.TrimSpace(h.Get("Brief")), "t") {
		p.minimal = true
	}
	return p
}

// prefer reads the preferences of a request whose answer depends on them.
func (q *request) prefer() preferences {
	q.vary("Prefer", "Brief") // RFC 7240 2
	return readPreferences(q.r.Header)
}

// applied tells the client that a preference was honoured (RFC 7240 3).
func (q *request) applied(preference string) {
	q.w.Header().Add("Preference-Applied", preference)
}

// vary names request headers that the answer depends on (RFC 9110 12.5.5), each once.
func (q *request) vary(names ...string) { vary(q.w.Header(), names...) }

func vary(h http.Header, names ...string) {
	all := h.Get("Vary")
	for _, name := range names {
		known := false
		for have := range strings.SplitSeq(all, ",") {
			known = known || strings.EqualFold(strings.TrimSpace(have), name)
		}
		switch {
		case known:
		case all == "":
			all = name
		default:
			all += ", " + name
		}
	}
	h.Set("Vary", all)
}

// represent answers a write, or a write that was refused, with what is stored now (RFC 8144 3.1, 3.2), so that the client
// need not ask for it. The ETag is that of the text in the answer, whether or not the client sent the same.
func (q *request) represent(status int, r *resource) {
	q.applied("return=representation")
	h := q.w.Header()
	q.vary(r.flavor.varies)
	contentType, text, err := q.download(r)
	if err != nil { // the write is done: better in another version than not at all
		contentType, text = r.flavor.contentType(r.obj.Component), r.obj.Text
	}
	h.Set("ETag", `"`+r.obj.ETag+`"`)
	h.Set("Last-Modified", r.obj.UpdatedAt.UTC().Format(http.TimeFormat))
	h.Set("Content-Type", contentType)
	h.Set("Content-Location", davxml.EncodePath(r.path())) // RFC 9110 8.7: it is the object, not a text about the write
	h.Set("Content-Length", strconv.Itoa(len(text)))
	q.w.WriteHeader(status)
	if _, err := q.w.Write(text); err != nil {
		return // the client is gone and has not seen it
	}
	q.h.seen.add(q.caller.Device, []store.SeenMark{{Object: r.obj.ID, Seq: r.obj.Seq}})
}
