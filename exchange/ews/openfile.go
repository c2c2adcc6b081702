package ews

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

const (
	opFile = "ews: open file"
	// fileSilence is how long an answer with a file may say nothing.
	fileSilence = time.Minute
	// headMost is how many bytes an answer has before the content at most: all of that is held in memory.
	headMost = 1 << 20
)

// OpenFile implements remote.FileOpener. The content stands in the answer as base64, which is read as it comes; how long it is shows at
// its end only. A message that is attached comes as it was mailed (RFC 5322).
func (m *mail) OpenFile(ctx context.Context, _ remote.CollectionID, id remote.ItemID, f pim.File) (io.ReadCloser, int64, error) {
	if len(f.ID) < 2 {
		return nil, 0, &pim.Error{Op: opFile, Kind: pim.ErrNotFound}
	}
	kind, attachment := f.ID[:1], f.ID[1:]
	if kind == isLinked {
		return nil, 0, pim.Errorf(opFile, pim.ErrUnsupported, "the file %s is not in the mailbox: the message has a link to it", f.Name)
	}
	if _, err := m.version(ctx, opFile, string(id)); err != nil {
		return nil, 0, err // an attachment is found by its own id alone
	}
	at, err := m.account.endpoint(ctx)
	if err != nil {
		return nil, 0, err
	}
	r := m.account.http1(at, request{op: opFile, body: fileRequest(kind, attachment)})
	stream, err := m.account.stream(ctx, at, r, fileSilence)
	if err != nil {
		return nil, 0, err
	}
	body, err := contentOf(stream)
	if err != nil {
		_ = stream.Close()
		return nil, 0, err
	}
	return fileBody{body, stream}, -1, nil
}

func fileRequest(kind, id string) el {
	ids := node("m:AttachmentIds", leaf("t:AttachmentId", "", "Id", id))
	if kind == isItem {
		return node("m:GetAttachment", node("m:AttachmentShape", leaf("t:IncludeMimeContent", "true")), ids)
	}
	return node("m:GetAttachment", ids)
}

type fileBody struct {
	io.Reader
	io.Closer
}

// contentOf reads an answer up to where the content begins, and gives what follows, decoded. An answer without is an error.
func contentOf(answer io.Reader) (io.Reader, error) {
	in := &marked{r: bufio.NewReader(&lenient{in: answer})}
	d := strict(in)
	var path []string
	var said message
	for {
		t, err := d.Token()
		if err != nil {
			return nil, said.lacking(err)
		}
		switch v := t.(type) {
		case xml.StartElement:
			path = append(path, v.Name.Local)
			switch v.Name.Local {
			case "Content", "MimeContent":
				if in.before == '/' {
					return strings.NewReader(""), nil // an empty element
				}
				return &decoded{in: base64.NewDecoder(base64.StdEncoding, &encoded{r: in.r})}, nil
			case "GetAttachmentResponseMessage":
				for _, a := range v.Attr {
					if a.Name.Local == "ResponseClass" {
						said.Class = a.Value
					}
				}
			}
		case xml.EndElement:
			path = path[:max(len(path)-1, 0)]
		case xml.CharData:
			said.take(path, string(v))
		}
	}
}

// take notes what an answer says of itself.
func (m *message) take(path []string, text string) {
	if len(path) == 0 {
		return
	}
	switch path[len(path)-1] {
	case "ResponseCode", "faultcode":
		if code := afterColon(strings.TrimSpace(text)); code != "" && m.Code == "" {
			m.Code = code
		}
	case "MessageText", "faultstring":
		m.Text += text
	}
}

// lacking is why an answer that ended has no content.
func (m *message) lacking(end error) error {
	var pe *pim.Error
	switch {
	case errors.As(end, &pe):
		return end
	case m.Code != "" && m.Code != "NoError":
		return translate(opFile, m.Code, m.Text, m.XML)
	case errors.Is(end, io.EOF) && m.Class == "Success":
		return pim.Errorf(opFile, pim.ErrUnsupported, "Exchange does not give out what is attached here")
	}
	return &pim.Error{Op: opFile, Kind: pim.ErrProtocol, Public: "Exchange's answer is not complete or not readable", Err: end}
}

// marked gives a decoder one byte after the other, so that it reads no further than it has to, and knows the one before the last.
type marked struct {
	r            *bufio.Reader
	before, last byte
	n            int // bytes that were read
}

// ReadByte implements io.ByteReader.
func (m *marked) ReadByte() (byte, error) {
	if m.n++; m.n > headMost {
		return 0, &pim.Error{Op: opFile, Kind: pim.ErrUnsupported, Public: "Exchange's answer does not come to the file"}
	}
	b, err := m.r.ReadByte()
	if err == nil {
		m.before, m.last = m.last, b
	}
	return b, err
}

// Read implements io.Reader.
func (m *marked) Read(b []byte) (int, error) { return m.r.Read(b) }

// encoded is the text of an element, which ends with the next mark.
type encoded struct {
	r    *bufio.Reader
	done bool
}

// Read implements io.Reader.
func (e *encoded) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) && !e.done {
		c, err := e.r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return n, io.ErrUnexpectedEOF
		case err != nil:
			return n, err
		case c == '<':
			e.done = true
		case c > ' ':
			b[n] = c
			n++
		}
	}
	if n == 0 && e.done {
		return 0, io.EOF
	}
	return n, nil
}

// decoded makes errors of what breaks off or is no base64.
type decoded struct{ in io.Reader }

// Read implements io.Reader.
func (d *decoded) Read(b []byte) (int, error) {
	n, err := d.in.Read(b)
	var pe *pim.Error
	var bad base64.CorruptInputError
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.As(err, &pe):
		return n, err
	case errors.As(err, &bad):
		return n, &pim.Error{Op: opFile, Kind: pim.ErrProtocol, Public: "Exchange sent a file that is not readable", Err: err}
	}
	return n, &pim.Error{Op: opFile, Kind: pim.ErrUnavailable, Public: "the connection to Exchange broke off in the middle of a file", Err: err}
}
