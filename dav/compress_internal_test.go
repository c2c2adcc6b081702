package dav

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Memory for compressing is bounded: who comes when it is used up gets the text as it is, and it is given back whatever
// becomes of an answer.
func TestCompressorsAreBounded(t *testing.T) {
	t.Parallel()
	h := &Handler{compressors: newCompressors(2)}
	body := []byte(strings.Repeat("text ", 1000))
	begin := func() (*answer, *httptest.ResponseRecorder) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		a := h.newAnswer(w, r)
		a.Header().Set("Content-Type", "text/calendar")
		if _, err := a.Write(body); err != nil {
			t.Fatal(err)
		}
		return a, w
	}
	first, w1 := begin()
	second, w2 := begin()
	third, w3 := begin()
	third.finish()
	if w1.Header().Get("Content-Encoding") != "gzip" || w2.Header().Get("Content-Encoding") != "gzip" {
		t.Error("there is room for two")
	}
	if w3.Header().Get("Content-Encoding") != "" || w3.Body.String() != string(body) {
		t.Errorf("the third: %v, %d bytes", w3.Header(), w3.Body.Len())
	}
	first.finish()
	second.release() // cut off
	second.release()
	for range 5 {
		a, w := begin()
		if a.finish(); w.Header().Get("Content-Encoding") != "gzip" {
			t.Error("nothing was given back")
		}
	}
	if len(h.compressors.slots) != 0 {
		t.Errorf("%d are still in use", len(h.compressors.slots))
	}
}
