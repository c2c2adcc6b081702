package ewssim

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"strings"
)

// maxParts bounds the parts and the nesting of an uploaded MIME document.
const (
	maxParts     = 500
	maxMIMEDepth = 20
)

// mimeReader takes a MIME document apart: the text to show, and files.
type mimeReader struct {
	c     *call
	d     *draft
	parts int
	bad   bool
}

// entity reads one part: its text, if it is the first of its kind, its parts, or a file.
func (r *mimeReader) entity(contentType, encoding, disposition, id string, body io.Reader, depth int) {
	if r.parts++; r.parts > maxParts || depth > maxMIMEDepth {
		r.bad = true
		return
	}
	typ, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		typ, params = "text/plain", nil
	}
	if strings.HasPrefix(typ, "multipart/") && params["boundary"] != "" {
		for in := multipart.NewReader(body, params["boundary"]); ; {
			p, err := in.NextRawPart()
			if err != nil {
				r.bad = r.bad || err != io.EOF
				return
			}
			r.entity(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Disposition"), p.Header.Get("Content-Id"), p, depth+1)
		}
	}
	content, err := io.ReadAll(decoded(body, encoding))
	if err != nil {
		r.bad = true
		return
	}
	how, named, err := mime.ParseMediaType(disposition)
	if err != nil {
		how, named = "", nil
	}
	if how != "attachment" && named["filename"] == "" && (typ == "text/plain" || typ == "text/html") {
		r.text(typ, content)
		return
	}
	name := orText(named["filename"], orText(params["name"], "attachment"))
	if plain, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
		name = plain
	}
	r.d.files = append(r.d.files, &attachment{name: name, contentType: typ, contentID: strings.Trim(id, "<>"), inline: how == "inline", content: content, modified: r.c.now})
}

// text is the body, HTML rather than plain text.
func (r *mimeReader) text(typ string, content []byte) {
	kind := "Text"
	if typ == "text/html" {
		kind = "HTML"
	}
	if have := r.d.props["Body"]; have == nil || have.at("BodyType") == "Text" && kind == "HTML" {
		r.d.props["Body"] = el("t:Body", attr{"BodyType", kind}, crlf(strings.ToValidUTF8(string(content), "?")))
	}
}

func decoded(body io.Reader, encoding string) io.Reader {
	switch strings.ToLower(encoding) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}

// folded is base64 in lines of 76 (RFC 2045 6.8).
func folded(content []byte) string {
	raw := base64.StdEncoding.EncodeToString(content)
	var b bytes.Buffer
	for len(raw) > 76 {
		b.WriteString(raw[:76] + "\r\n")
		raw = raw[76:]
	}
	b.WriteString(raw + "\r\n")
	return b.String()
}
