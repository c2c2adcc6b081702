package ewssim

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// journal is what a server with a folder keeps of what was asked of it: every request that may change something, in the
// order in which they were done, each a line of JSON. A server that opens the folder does them again, at their times, so
// that it has the same items, ids and states.
type journal struct {
	mu sync.Mutex // held while a request is done and written down, so that the order is that of the lines
	f  *os.File
}

const (
	journalName = "exchange.jsonl"
	secretName  = "exchange.secret"
)

// journalLine is one request.
type journalLine struct {
	At     time.Time `json:"at"`
	Login  string    `json:"login"`
	Anchor string    `json:"anchor,omitempty"`
	Action string    `json:"action,omitempty"`
	Body   string    `json:"body"`
	Letter *Letter   `json:"letter,omitempty"` // that arrived; there is no request then
}

// changes reports an operation that may change something that lasts.
func changes(op string) bool {
	for _, reads := range []string{"Get", "Find", "Sync", "Resolve", "Convert", "Expand", "Subscribe", "Unsubscribe"} {
		if strings.HasPrefix(op, reads) {
			return false
		}
	}
	return op != ""
}

// folderSecret is the folder's secret, made at the first time: ids of another one are none.
func folderSecret(dir string, made []byte) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("ewssim: %w", err)
	}
	path := filepath.Join(dir, secretName)
	have, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return made, os.WriteFile(path, made, 0o600)
	}
	return have, err
}

// openJournal does again what the folder tells, and keeps what follows. A last line that is cut off was never answered.
func (s *Sim) openJournal(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, journalName), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("ewssim: %w", err)
	}
	size, err := s.replay(f)
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("ewssim: %s: %w", f.Name(), err)
	}
	s.journal = &journal{f: f}
	return nil
}

func (s *Sim) replay(f *os.File) (size int64, err error) {
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return size, nil // the rest is cut off, or there is none
		}
		var l journalLine
		if err := json.Unmarshal(line, &l); err != nil {
			return size, fmt.Errorf("the line at %d cannot be read: %w", size, err)
		}
		if l.Letter != nil {
			s.deliver(*l.Letter)
			size += int64(len(line))
			continue
		}
		acct := s.accountFor(l.Login)
		if acct == nil {
			return size, fmt.Errorf("the line at %d is of %q, who has no account any more", size, l.Login)
		}
		in := &incoming{Request: l.request(), acct: acct, body: []byte(l.Body), at: l.At}
		if in.read(s); !in.malformed {
			s.answer(in)
		}
		size += int64(len(line))
	}
}

func (l journalLine) request() *http.Request {
	r := &http.Request{Method: http.MethodPost, Header: http.Header{}}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("X-AnchorMailbox", l.Anchor)
	r.Header.Set("SOAPAction", l.Action)
	return r
}

// kept is answer, written down before it is given.
func (s *Sim) kept(in *incoming) reply {
	if s.journal == nil || !changes(in.op) {
		return s.answer(in)
	}
	j := s.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	in.at = s.opt.Now()
	line, err := json.Marshal(journalLine{At: in.at, Login: in.acct.login, Anchor: in.Header.Get("X-AnchorMailbox"), Action: in.Header.Get("SOAPAction"), Body: string(in.body)})
	if err == nil {
		_, err = j.f.Write(append(line, '\n'))
	}
	if err != nil {
		return soapFault(faultOf("ErrorInternalServerError", "The journal cannot be written: %v", err))
	}
	return s.answer(in)
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return j.f.Close()
}
