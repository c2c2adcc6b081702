package ewssim

import (
	"encoding/base64"
	"strings"
)

// mimeContent is an item as a MIME document, nil where the product makes none.
func (c *call) mimeContent(v view, _ *shape) *node {
	var text string
	switch {
	case v.it.isCalendar():
		text = c.calendarText(v)
	case v.it.mime != nil:
		text = string(v.it.mime)
	case v.it.isMessage():
		text = messageText(v)
	default:
		return nil
	}
	return el("t:MimeContent", attr{"CharacterSet", "UTF-8"}, base64.StdEncoding.EncodeToString([]byte(text)))
}

// messageText is a message as it would have been sent.
func messageText(v view) string {
	var b strings.Builder
	head := func(name, text string) {
		if text != "" {
			b.WriteString(name + ": " + encodedWord(text) + "\r\n")
		}
	}
	head("From", strings.Join(addresses(el("x", v.prop("From").all())), ", "))
	head("To", strings.Join(addresses(v.prop("ToRecipients")), ", "))
	head("Cc", strings.Join(addresses(v.prop("CcRecipients")), ", "))
	head("Subject", v.text("Subject"))
	head("Date", v.it.received().UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	head("Message-ID", v.text("InternetMessageId"))
	kind := "text/plain"
	if v.prop("Body").at("BodyType") == "HTML" {
		kind = "text/html"
	}
	head("MIME-Version", "1.0")
	head("Content-Type", kind+"; charset=utf-8")
	head("Content-Transfer-Encoding", "base64")
	raw := base64.StdEncoding.EncodeToString([]byte(v.text("Body")))
	b.WriteString("\r\n")
	for len(raw) > 76 {
		b.WriteString(raw[:76] + "\r\n")
		raw = raw[76:]
	}
	b.WriteString(raw + "\r\n")
	return b.String()
}

// encodedWord is a header's text in ASCII (RFC 2047).
func encodedWord(text string) string {
	for _, r := range text {
		if r > 126 || r < 32 {
			return "=?utf-8?B?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?="
		}
	}
	return text
}
