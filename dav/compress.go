package dav

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"crmbridge/internal/accept"
)

// Answers are compressed while they are written, when the client takes gzip and there is enough to gain. The ETag stays the
// one of the text: clients send it back as a condition, and Outlook CalDav Synchronizer understands no weak ones.
//
// Length tells secrets (BREACH) only where an attacker has text of his own and a secret in one answer and can make a
// browser ask for it. Nothing here holds passwords or tokens, and what is asked for by other than simple methods, which
// browsers do not send across origins unasked, is all that repeats anything of its request.

// compressFrom is the least that is compressed, in bytes: below it an answer fits one packet anyway.
const compressFrom = 1400

// compressedAtOnce bounds the memory for compressing: a writer takes about a megabyte for as long as its client reads.
// Answers beyond it go out as they are.
const compressedAtOnce = 64

// compressors hands out writers, no more than a number at once.
type compressors struct {
	slots chan struct{}
	pool  sync.Pool // of *gzip.Writer
}

func newCompressors(most int) *compressors { return &compressors{slots: make(chan struct{}, most)} }

// get is a writer to w, nil when there is none left. It has to be given back.
func (c *compressors) get(w io.Writer) *gzip.Writer {
	select {
	case c.slots <- struct{}{}:
	default:
		return nil
	}
	if zip, ok := c.pool.Get().(*gzip.Writer); ok {
		zip.Reset(w)
		return zip
	}
	// The fastest level makes XML a tenth already. It fails for levels that do not exist only.
	zip, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		<-c.slots
		return nil
	}
	return zip
}

func (c *compressors) put(zip *gzip.Writer) {
	zip.Reset(nil)
	c.pool.Put(zip)
	<-c.slots
}

// answer notes what was sent, and compresses it. The head is held back until the first byte of the body, since what is
// tiny is not compressed.
type answer struct {
	http.ResponseWriter
	head   bool // the request is a HEAD
	gzip   bool // the client takes it
	pool   *compressors
	status int
	begun  bool // the status is decided
	sent   bool // the head is on its way
	zip    *gzip.Writer
}

func (h *Handler) newAnswer(w http.ResponseWriter, r *http.Request) *answer {
	return &answer{ResponseWriter: w, head: r.Method == http.MethodHead, gzip: accept.Gzip(r.Header), pool: h.compressors}
}

func (a *answer) WriteHeader(status int) {
	if a.begun {
		return
	}
	a.begun, a.status = true, status
}

func (a *answer) Write(b []byte) (int, error) {
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	if !a.sent {
		a.send(len(b))
	}
	if a.zip != nil {
		return a.zip.Write(b)
	}
	return a.ResponseWriter.Write(b)
}

// finish sends what is held back. Not to be called for an answer that is cut off.
func (a *answer) finish() {
	if !a.begun {
		return
	}
	if !a.sent {
		a.send(0)
	}
	if a.zip != nil {
		_ = a.zip.Close() // the connection failed: nobody is left to be told
	}
	a.release()
}

// release gives back what the answer held, whatever became of it.
func (a *answer) release() {
	if a.zip != nil {
		a.pool.put(a.zip)
		a.zip = nil
	}
}

// send decides about compression and sends the head. first is the length of the first piece of the body: listings write
// large pieces until the last.
func (a *answer) send(first int) {
	a.sent = true
	h := a.Header()
	size := first
	if n, err := strconv.Atoi(h.Get("Content-Length")); err == nil {
		size = n
	}
	if compressible(h.Get("Content-Type")) && a.status != http.StatusNoContent && a.status != http.StatusNotModified {
		vary(h, "Accept-Encoding")
		// RFC 9110 9.3.2: a HEAD has the head of the GET.
		if a.gzip && size >= compressFrom {
			if !a.head {
				a.zip = a.pool.get(a.ResponseWriter)
			}
			if a.head || a.zip != nil {
				h.Set("Content-Encoding", "gzip")
				h.Del("Content-Length")
			}
		}
	}
	a.ResponseWriter.WriteHeader(a.status)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// compressible are the types of texts; photos are compressed already.
func compressible(contentType string) bool {
	return strings.HasPrefix(contentType, "text/") || strings.HasPrefix(contentType, "application/xml")
}
