package graphsim

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

// messageMIME is a message in the form of RFC 5322, as Exchange makes it anew whenever it is asked for.
func (s *Sim) messageMIME(it *item) []byte {
	return s.render5322(it.props, it.files, it.sent(), fmt.Sprintf("%d %d", it.box.no, it.no))
}

// render5322 writes a message; name tells its boundary from others.
func (s *Sim) render5322(props object, files []*attached, at time.Time, name string) []byte {
	var out bytes.Buffer
	field := func(name, value string) {
		if value != "" {
			out.WriteString(name + ": " + value + "\r\n")
		}
	}
	field("From", addressLine([]any{props["from"]}))
	field("To", addressLine(list(props, "toRecipients")))
	field("CC", addressLine(list(props, "ccRecipients")))
	field("Subject", mime.QEncoding.Encode("utf-8", text(props["subject"])))
	field("Date", at.UTC().Format(time.RFC1123Z))
	field("Message-ID", text(props["internetMessageId"]))
	for _, h := range list(props, "internetMessageHeaders") {
		field(text(h.(object)["name"]), mime.QEncoding.Encode("utf-8", text(h.(object)["value"])))
	}
	field("MIME-Version", "1.0")
	body := sub(props, "body")
	typ := "text/" + map[bool]string{true: "html", false: "plain"}[text(body["contentType"]) == "html"] + `; charset="utf-8"`
	if len(files) == 0 {
		field("Content-Type", typ)
		field("Content-Transfer-Encoding", "quoted-printable")
		out.WriteString("\r\n")
		quote(&out, newlines(text(body["content"])))
		return out.Bytes()
	}
	w := multipart.NewWriter(&out)
	if err := w.SetBoundary("_004_" + fmt.Sprintf("%x", s.seal([]byte("boundary " + name))[:12]) + "_"); err != nil {
		panic(err) // letters, digits and underscores make a boundary
	}
	field("Content-Type", `multipart/mixed; boundary="`+w.Boundary()+`"`)
	field("X-MS-Has-Attach", "yes")
	out.WriteString("\r\n")
	text1 := &bytes.Buffer{}
	quote(text1, newlines(text(body["content"])))
	writePart(w, textproto.MIMEHeader{"Content-Type": {typ}, "Content-Transfer-Encoding": {"quoted-printable"}}, text1.Bytes())
	for _, a := range files {
		s.writeAttached(w, a)
	}
	w.Close() //nolint:errcheck // into memory
	return out.Bytes()
}

func (s *Sim) writeAttached(w *multipart.Writer, a *attached) {
	name := text(a.props["name"])
	if a.item != nil {
		typ, content := s.itemMIME(a)
		if strings.HasPrefix(typ, "text/plain") {
			writePart(w, textproto.MIMEHeader{"Content-Type": {"message/rfc822"}}, content)
			return
		}
		writePart(w, textproto.MIMEHeader{"Content-Type": {typ}, "Content-Transfer-Encoding": {"base64"}}, folded(content))
		return
	}
	how := "attachment"
	if yes(a.props, "isInline") {
		how = "inline"
	}
	h := textproto.MIMEHeader{"Content-Type": {orText(mime.FormatMediaType(text(a.props["contentType"]), map[string]string{"name": name}), "application/octet-stream")},
		"Content-Disposition":       {mime.FormatMediaType(how, map[string]string{"filename": name})},
		"Content-Transfer-Encoding": {"base64"}}
	if id := text(a.props["contentId"]); id != "" {
		h["Content-Id"] = []string{"<" + id + ">"}
	}
	writePart(w, h, folded(a.content))
}

func writePart(w *multipart.Writer, h textproto.MIMEHeader, content []byte) {
	p, err := w.CreatePart(h)
	if err == nil {
		_, err = p.Write(content)
	}
	if err != nil {
		panic(err) // into memory
	}
}

func quote(out *bytes.Buffer, content string) {
	q := quotedprintable.NewWriter(out)
	q.Write([]byte(content)) //nolint:errcheck // into memory
	q.Close()                //nolint:errcheck // into memory
}

// folded is base64 in lines of 76 (RFC 2045 6.8).
func folded(content []byte) []byte {
	b := base64.StdEncoding.EncodeToString(content)
	var out bytes.Buffer
	for ; len(b) > 76; b = b[76:] {
		out.WriteString(b[:76] + "\r\n")
	}
	out.WriteString(b)
	return out.Bytes()
}

func addressLine(all []any) string {
	var out []string
	for _, v := range all {
		o, _ := v.(object)
		if e := sub(o, "emailAddress"); text(e["address"]) != "" {
			out = append(out, (&mail.Address{Name: text(e["name"]), Address: text(e["address"])}).String())
		}
	}
	return strings.Join(out, ", ")
}

// itemMIME is an attached item in the form that $value has: a message, a calendar or a card (attachment-get).
func (s *Sim) itemMIME(a *attached) (typ string, content []byte) {
	lines := func(l ...string) []byte { return []byte(strings.Join(l, "\r\n") + "\r\n") }
	plain := func(v any) string {
		return strings.NewReplacer("\\", "\\\\", ";", "\\;", ",", "\\,", "\r\n", "\\n", "\n", "\\n").Replace(text(v))
	}
	i := a.item
	switch strings.TrimPrefix(text(i["@odata.type"]), "#microsoft.graph.") {
	case "event":
		all := []string{"BEGIN:VCALENDAR", "PRODID:Microsoft Exchange Server 2010", "VERSION:2.0", "METHOD:PUBLISH", "BEGIN:VEVENT",
			"UID:" + strings.ToUpper(guid(s.seal(fmt.Appendf(nil, "attached %d", a.no)))), "DTSTAMP:" + a.modified.UTC().Format("20060102T150405Z"), "SUMMARY:" + plain(i["subject"])}
		for _, property := range [][2]string{{"start", "DTSTART"}, {"end", "DTEND"}} {
			if o := sub(i, property[0]); o != nil {
				if at, z, r := parseDateTime(o); r == nil {
					all = append(all, property[1]+":"+at.instant(z.loc).UTC().Format("20060102T150405Z"))
				}
			}
		}
		return `text/calendar; charset="utf-8"`, lines(append(all, "END:VEVENT", "END:VCALENDAR")...)
	case "contact":
		return `text/vcard; charset="utf-8"`, lines("BEGIN:VCARD", "VERSION:3.0", "FN:"+plain(i["displayName"]),
			"N:"+plain(i["surname"])+";"+plain(i["givenName"])+";;;", "END:VCARD")
	}
	at, ok := parseOffsetTime(text(i["sentDateTime"]))
	if !ok {
		at = a.modified
	}
	return "text/plain", s.render5322(i, nil, at, fmt.Sprint("attached ", a.no))
}
