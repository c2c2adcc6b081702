package vcf

import (
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"crmbridge/pim/line"
)

func trim(s string) string { return strings.TrimSpace(s) }

// textOf is the value as a text, its escapes undone, in UTF-8.
func textOf(l *line.Line) string { return line.Unescape(decoded(l, l.Value)) }

// decoded undoes what vCard 2.1 does to a value or a part of one: quoted-printable and
// another character set. What cannot be decoded stays as it is.
func decoded(l *line.Line, v string) string {
	if hasEncoding(l, "QUOTED-PRINTABLE") {
		if b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(v))); err == nil {
			v = strings.ReplaceAll(string(b), "\r\n", "\n")
		}
	}
	name := l.Param("CHARSET")
	if name == "" && !utf8.ValidString(v) && hasEncoding(l, "QUOTED-PRINTABLE") {
		name = "windows-1252" // Outlook's way
	}
	if name == "" || strings.EqualFold(name, "UTF-8") {
		return v
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return v
	}
	if s, err := enc.NewDecoder().String(v); err == nil {
		return s
	}
	return v
}

// hasEncoding reports ENCODING=name, or the bare name of vCard 2.1.
func hasEncoding(l *line.Line, names ...string) bool {
	for _, v := range append(l.All("ENCODING"), l.All("")...) {
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, v) }) {
			return true
		}
	}
	return false
}

// components are the parts of a structured value (N, ADR, ORG), n of them at least, each
// unescaped; list values inside a part are joined by sep.
func components(l *line.Line, n int, sep string) []string {
	parts := line.Split(l.Value, ';')
	out := make([]string, max(n, len(parts)))
	for i, p := range parts {
		p = decoded(l, p)
		if hasEncoding(l, "QUOTED-PRINTABLE") {
			out[i] = trim(line.Unescape(p)) // vCard 2.1 has no lists
			continue
		}
		var texts []string
		for _, s := range line.Split(p, ',') {
			if s = trim(line.Unescape(s)); s != "" {
				texts = append(texts, s)
			}
		}
		out[i] = strings.Join(texts, sep)
	}
	return out
}

// binary is an inline photo: base64 (RFC 2426 3.1.4) or a data: URI (RFC 6350 6.2.4).
// mediaType is what the line says of it, "" for nothing; ok is false for references and for
// what cannot be decoded.
func binary(l *line.Line) (data []byte, mediaType string, ok bool) {
	v := trim(line.Unescape(l.Value)) // Thunderbird escapes the comma of data: URIs
	if len(v) >= 5 && strings.EqualFold(v[:5], "data:") {
		return dataURI(v[5:])
	}
	if !hasEncoding(l, "B", "BASE64") {
		return nil, "", false
	}
	data, ok = fromBase64(v)
	return data, typeWritten(l), ok
}

func dataURI(v string) (data []byte, mediaType string, ok bool) {
	head, body, ok := strings.Cut(v, ",")
	if !ok {
		return nil, "", false
	}
	head = strings.ToLower(head)
	mediaType, _, _ = strings.Cut(head, ";")
	if strings.HasSuffix(head, ";base64") {
		if strings.Contains(body, "%") {
			body, _ = url.PathUnescape(body)
		}
		data, ok = fromBase64(body)
		return data, mediaType, ok
	}
	s, err := url.PathUnescape(body)
	return []byte(s), mediaType, err == nil && s != ""
}

func fromBase64(v string) ([]byte, bool) {
	v = strings.TrimRight(v, "=")
	if !strings.ContainsAny(v, " \t\r\n=") {
		b, err := base64.RawStdEncoding.DecodeString(v)
		return b, err == nil && len(b) > 0
	}
	v = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '=' {
			return -1
		}
		return r
	}, v)
	b, err := base64.RawStdEncoding.DecodeString(v)
	return b, err == nil && len(b) > 0
}
