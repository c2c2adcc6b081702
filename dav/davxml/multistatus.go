package davxml

import (
	"fmt"
	"io"
)

// flushAt is how much of an answer is gathered before it is written on.
const flushAt = 64 << 10

// MultiStatus prints a DAV:multistatus (RFC 4918 13) to a writer, piece by piece: no more than about flushAt bytes
// and one response are held. The order of calls is
//
//	Begin (Response (Status | Propstat…) [Error] [Description] EndResponse)* [Description] [SyncToken] End
//
// Begin may be left out. Property values are what the appenders made; with a buffer that the caller uses again, a
// response costs no allocation. A failed write stops all output; EndResponse, Flush and End return it. A MultiStatus
// is for one goroutine.
type MultiStatus struct {
	w        io.Writer
	buf      []byte
	err      error
	begun    bool
	answered bool // the open response has a status or a propstat
}

// NewMultiStatus returns a MultiStatus that prints to w. Nothing is written before the first flush.
func NewMultiStatus(w io.Writer) *MultiStatus {
	return &MultiStatus{w: w, buf: make([]byte, 0, flushAt+flushAt/2)}
}

// Reset makes m as new, printing to w, and keeps its buffer unless a big object made it grow.
func (m *MultiStatus) Reset(w io.Writer) {
	buf := m.buf[:0]
	if cap(buf) > 8*flushAt {
		buf = make([]byte, 0, flushAt+flushAt/2)
	}
	*m = MultiStatus{w: w, buf: buf}
}

// Begin prints the declaration and the root.
func (m *MultiStatus) Begin() {
	if m.begun {
		return
	}
	m.begun = true
	m.buf = append(m.buf, prolog...)
	m.buf = append(m.buf, "<D:multistatus"...)
	m.buf = append(m.buf, rootDeclarations...)
	m.buf = append(m.buf, '>')
}

// Response opens the response of a decoded path.
func (m *MultiStatus) Response(path string) {
	m.open()
	m.buf = AppendHref(m.buf, path)
}

// Dir is the path of a collection with the final slash, encoded and escaped once for all its members.
type Dir string

// NewDir is the Dir of a decoded path.
func NewDir(path string) Dir { return Dir(EscapeText(nil, EncodePath(path))) }

// ResponseIn opens the response of a member by its name, decoded. For long listings.
func (m *MultiStatus) ResponseIn(dir Dir, name string) {
	m.open()
	m.buf = append(m.buf, "<D:href>"...)
	m.buf = append(m.buf, dir...)
	m.buf = appendSegment(m.buf, name, true)
	m.buf = append(m.buf, "</D:href>"...)
}

// ResponseHref opens the response of an href that the client sent, printed as it came.
func (m *MultiStatus) ResponseHref(href string) {
	m.open()
	m.buf = AppendHrefURI(m.buf, href)
}

func (m *MultiStatus) open() {
	m.Begin()
	m.answered = false
	m.buf = append(m.buf, "<D:response>"...)
}

// Propstat prints the properties that have this status; props is XML of the appenders. It prints nothing when
// props is empty. Call it with 200 first: Thunderbird looks at the first status only.
func (m *MultiStatus) Propstat(code int, props []byte) {
	if len(props) > 0 {
		m.propstat(code, props, nil, "")
	}
}

// PropstatError is Propstat with the conditions that the properties broke and a text for people, both optional.
func (m *MultiStatus) PropstatError(code int, props []byte, conditions []Condition, description string) {
	if len(props) > 0 {
		m.propstat(code, props, conditions, description)
	}
}

func (m *MultiStatus) propstat(code int, props []byte, conditions []Condition, description string) {
	m.answered = true
	m.buf = AppendPropstat(m.buf, code, props, conditions, description)
}

// Status prints the status of the whole resource, such as 404 for a deleted member (RFC 6578 3.5) or 507 for an
// answer that was cut short (3.6).
func (m *MultiStatus) Status(code int) {
	m.answered = true
	m.buf = AppendStatus(m.buf, code)
}

// Error prints conditions in the open response, after its status.
func (m *MultiStatus) Error(conditions ...Condition) {
	m.buf = AppendErrorElement(m.buf, conditions...)
}

// Description prints a text for people: in the open response, or else at the end of the multistatus.
func (m *MultiStatus) Description(text string) {
	m.Begin()
	m.buf = appendDescription(m.buf, text)
}

// EndResponse closes the response. One that got neither status nor property gets an empty propstat with 200, as
// RFC 4918 14.24 wants one of the two.
func (m *MultiStatus) EndResponse() error {
	if !m.answered {
		m.propstat(200, nil, nil, "")
	}
	m.buf = append(m.buf, "</D:response>"...)
	if len(m.buf) >= flushAt {
		return m.Flush()
	}
	return m.err
}

// Item prints a whole response of a member with nothing but found properties. dir is as in ResponseIn.
func (m *MultiStatus) Item(dir Dir, name string, props []byte) error {
	m.ResponseIn(dir, name)
	m.Propstat(200, props)
	return m.EndResponse()
}

// Gone prints a whole response that has just a status.
func (m *MultiStatus) Gone(path string, code int) error {
	m.Response(path)
	m.Status(code)
	return m.EndResponse()
}

// SyncToken prints the DAV:sync-token, after the responses (RFC 6578 6.4).
func (m *MultiStatus) SyncToken(token string) {
	m.Begin()
	m.buf = AppendText(m.buf, D("sync-token"), token)
}

// End closes the multistatus and writes what is left. A multistatus without responses is a valid answer.
func (m *MultiStatus) End() error {
	m.Begin()
	m.buf = append(m.buf, "</D:multistatus>\n"...)
	return m.Flush()
}

// Flush writes what is gathered.
func (m *MultiStatus) Flush() error {
	if m.err == nil && len(m.buf) > 0 {
		if _, err := m.w.Write(m.buf); err != nil {
			m.err = fmt.Errorf("davxml: write: %w", err)
		}
	}
	m.buf = m.buf[:0]
	return m.err
}
