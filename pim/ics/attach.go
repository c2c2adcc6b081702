package ics

import (
	"encoding/base64"
	"net/url"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// Files of a component (RFC 5545 3.8.1.1). Those that are inside the text are a field; links to files are only text. Their names
// are where RFC 8607 4.3 and programs write them.

const attach = "ATTACH"

// fileNames are the parameters with the name of a file, the standard's first.
var fileNames = []string{"FILENAME", "X-FILENAME", "X-APPLE-FILENAME", "X-ORACLE-FILENAME", "X-LABEL"}

// fileOf reads a file inside the text; false for links and for what cannot be decoded.
func fileOf(l *line.Line) (pim.Attachment, bool) {
	if !isFile(l) {
		return pim.Attachment{}, false
	}
	mediaType, data := trim(l.Param("FMTTYPE")), trim(l.Value)
	if rest, ok := cutFold(data, "data:"); ok {
		head, body, both := strings.Cut(rest, ",")
		kind, ok := strings.CutSuffix(strings.ToLower(head), ";base64")
		if !ok || !both {
			return pim.Attachment{}, false
		}
		if mediaType == "" {
			mediaType, _, _ = strings.Cut(kind, ";")
		}
		if data = body; strings.Contains(body, "%") {
			data, _ = url.PathUnescape(body)
		}
	}
	data = strings.TrimRight(strings.Join(strings.Fields(data), ""), "=")
	b, err := base64.RawStdEncoding.DecodeString(data)
	if err != nil || len(b) == 0 {
		return pim.Attachment{}, false
	}
	name := ""
	for _, p := range fileNames {
		if name == "" {
			name = trim(l.Param(p))
		}
	}
	return pim.NewAttachment(name, mediaType, b), true
}

// isFile reports a file inside the text: VALUE=BINARY, which some programs leave out, or a data: address.
func isFile(l *line.Line) bool {
	if strings.EqualFold(trim(l.Param("VALUE")), "BINARY") || l.HasParam("ENCODING") && strings.EqualFold(trim(l.Param("ENCODING")), "BASE64") {
		return true
	}
	_, ok := cutFold(trim(l.Value), "data:")
	return ok
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// attachments are the files inside a component, each once; what is past pim.MaxAttachments by name.
func (r reader) attachments() []pim.Attachment {
	var out []pim.Attachment
	var sizes []int64
	for _, l := range r.c.All(attach) {
		if a, ok := fileOf(l); ok && !has(out, a) {
			out, sizes = append(out, a), append(sizes, a.Size)
		}
	}
	for i, carried := range pim.Carry(sizes) {
		if !carried {
			out[i] = out[i].Named()
		}
	}
	return out
}

func has(all []pim.Attachment, a pim.Attachment) bool {
	for _, b := range all {
		if b.Same(a) {
			return true
		}
	}
	return false
}

// attachments adds and removes whole lines; those that stay, links and files that are not carried keep every byte.
func (w *writer) attachments() {
	w.touched = true
	want, have := w.act().Attachments, pim.ActivityOf(w.have).Attachments
	var here []pim.Attachment
	for _, l := range w.c.All(attach) {
		switch a, ok := fileOf(l); {
		case !ok:
		case has(have, a) && !has(want, a):
			w.c.Replace(l)
		default:
			here = append(here, a)
		}
	}
	for _, a := range want {
		if a.Carried() && !has(here, a) {
			here = append(here, a)
			w.c.Add(attachLine(a))
		}
	}
}

func attachLine(a pim.Attachment) *line.Line {
	params := []line.Param{line.P("VALUE", "BINARY"), line.P("ENCODING", "BASE64")}
	if isMediaType(a.Type) {
		params = append(params, line.P("FMTTYPE", a.Type))
	}
	if name := trim(a.Name); name != "" {
		params = append(params, line.P("FILENAME", name), line.P("X-FILENAME", name)) // Outlook reads the second one
	}
	return line.New(attach, base64.StdEncoding.EncodeToString(a.Bytes), params...)
}

// isMediaType reports what FMTTYPE can hold (RFC 5545 3.2.8).
func isMediaType(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	return ok && kind != "" && sub != "" && !strings.ContainsAny(s, " \t\r\n;,:\"")
}

// withoutFiles takes the files out of a component that is made of its series: it would have each of them once more.
func withoutFiles(c *line.Block) {
	for _, l := range c.All(attach) {
		if isFile(l) {
			c.Replace(l)
		}
	}
}
