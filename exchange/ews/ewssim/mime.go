package ewssim

import (
	"encoding/base64"
	"mime"
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
	head("MIME-Version", "1.0")
	kind := "text/plain"
	if v.prop("Body").at("BodyType") == "HTML" {
		kind = "text/html"
	}
	text := "Content-Type: " + kind + "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + folded([]byte(v.text("Body")))
	files := v.files()
	if len(files) == 0 {
		b.WriteString(text)
		return b.String()
	}
	boundary := "_000_" + itoa(int(v.it.num)) + "_" + itoa(v.it.box.index) + "_mail_"
	head("Content-Type", `multipart/mixed; boundary="`+boundary+`"`)
	b.WriteString("\r\n--" + boundary + "\r\n" + text)
	for _, a := range files {
		b.WriteString("--" + boundary + "\r\n" + a.part(v))
	}
	b.WriteString("--" + boundary + "--\r\n")
	return b.String()
}

// part is an attachment as a part of a message.
func (a *attachment) part(v view) string {
	if a.item != nil {
		inner := &item{box: v.it.box, folder: v.it.folder, num: uint64(a.num), class: a.item.class, props: a.item.props, created: a.modified}
		return "Content-Type: message/rfc822\r\n\r\n" + messageText(view{it: inner})
	}
	how := "attachment"
	if a.inline {
		how = "inline"
	}
	name := map[string]string{"filename": a.name}
	text := "Content-Type: " + a.contentType + "\r\nContent-Disposition: " + mime.FormatMediaType(how, name) + "\r\nContent-Transfer-Encoding: base64\r\n"
	if a.contentID != "" {
		text += "Content-ID: <" + a.contentID + ">\r\n"
	}
	return text + "\r\n" + folded(a.content)
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
