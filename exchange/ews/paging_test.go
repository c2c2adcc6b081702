package ews_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/ews/ewssim"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
)

// between is the address of the rig's server where after is called with each answer to an operation, before that is given.
func (r *rig) between(op string, after func(n int, answer string)) string {
	r.t.Helper()
	var mu sync.Mutex
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		q.Header.Del("Accept-Encoding") // the answer is looked at
		rec := httptest.NewRecorder()
		r.sim.ServeHTTP(rec, q)
		if strings.Contains(string(body), "<m:"+op) {
			mu.Lock()
			n++
			after(n, rec.Body.String())
			mu.Unlock()
		}
		w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	r.t.Cleanup(srv.Close)
	return srv.URL
}

func (r *rig) hardDelete(id string) {
	r.soap(`<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone"><m:ItemIds><t:ItemId Id="` + id + `"/></m:ItemIds></m:DeleteItem>`)
}

var foundID = regexp.MustCompile(`<t:ItemId Id="([^"]*)"`)

// What is deleted or moved away between two pages has no other item passed over, also where more items than a page are of one second.
func TestListIsWholeWhileItemsGo(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]time.Duration{"seconds apart": time.Second, "of one second": 0} {
		for place, k := range map[string]pim.Kind{"contacts": pim.KindContact, "inbox": pim.KindMessage, "all mail": pim.KindMessage} {
			t.Run(place+" "+name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, func(o *ewssim.Options) { o.MaxFind = 5 })
				gone := map[remote.ItemID]bool{}
				url := r.between("FindItem", func(n int, answer string) {
					if told := foundID.FindAllStringSubmatch(answer, -1); n < 5 && len(told) > 2 {
						id := told[n%2+1][1]
						gone[remote.ItemID(id)] = true
						r.hardDelete(id)
					}
				})
				m := r.open(exchange.Settings{"url": url})
				var ids []remote.ItemID
				for i := range 23 {
					r.clock.Advance(second)
					ids = append(ids, r.some(m, k, i))
				}
				c := r.firstOf(m, k)
				if place == "all mail" {
					c = exchange.AllMail
				}
				refs, err := m.(remote.Lister).List(t.Context(), c, remote.Scope{})
				if err != nil {
					t.Fatal(err)
				}
				remotetest.Whole(t, refs, ids, gone)
				if len(gone) < 4 {
					t.Errorf("only %d were deleted meanwhile", len(gone))
				}
			})
		}
	}
}

// some makes an item of a kind in the first collection of it.
func (r *rig) some(m remote.Remote, k pim.Kind, n int) remote.ItemID {
	r.t.Helper()
	if k == pim.KindMessage {
		return r.letter(ewssim.Letter{From: "fay@example.org", To: []string{ann}, Subject: fmt.Sprint("Letter ", n), At: r.clock.Now()})
	}
	rec, err := m.Create(r.t.Context(), r.firstOf(m, k), remote.Entry{Item: &pim.Contact{FullName: fmt.Sprint("Person ", n)}}, fmt.Sprint("key ", n))
	if err != nil {
		r.t.Fatal(err)
	}
	return rec.ID
}

func (r *rig) firstOf(m remote.Remote, k pim.Kind) remote.CollectionID {
	r.t.Helper()
	cols, err := m.Collections(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	for _, c := range cols {
		if c.Kinds.Has(k) {
			return c.ID
		}
	}
	r.t.Fatalf("no collection of %ss", k)
	return ""
}

// What is deleted or changed while all mail is read has no message passed over for good.
func TestAllMailIsReadWholeWhileItChanges(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]time.Duration{"minutes apart": time.Minute, "of one second": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *ewssim.Options) { o.MaxFind = 5 })
			gone := map[remote.ItemID]bool{}
			url := r.between("FindItem", func(n int, answer string) {
				if told := foundID.FindAllStringSubmatch(answer, -1); n < 5 && len(told) > 3 {
					r.clock.Advance(time.Hour)
					gone[remote.ItemID(told[1][1])] = true
					r.hardDelete(told[1][1])
					r.categorise(told[2][1])
				}
			})
			m := r.open(exchange.Settings{"url": url})
			var ids []remote.ItemID
			for i := range 30 {
				r.clock.Advance(second)
				ids = append(ids, r.some(m, pim.KindMessage, i))
			}
			told, since := map[remote.ItemID]bool{}, remote.Cursor("")
			for range 50 {
				d, err := m.Changes(t.Context(), exchange.AllMail, remote.Scope{}, since)
				if err != nil {
					t.Fatal(err)
				}
				for _, rec := range d.Changed {
					told[rec.ID] = true
				}
				if since = d.Next; !d.More {
					break
				}
			}
			for i, id := range ids {
				if !told[id] && !gone[id] {
					t.Errorf("message %d was passed over", i)
				}
			}
			if len(gone) < 4 {
				t.Errorf("only %d were deleted meanwhile", len(gone))
			}
		})
	}
}

// categorise is what a person does in Outlook.
func (r *rig) categorise(id string) {
	r.soap(`<m:UpdateItem ConflictResolution="AlwaysOverwrite" MessageDisposition="SaveOnly"><m:ItemChanges><t:ItemChange>` + r.versioned(id) + `<t:Updates><t:SetItemField><t:FieldURI FieldURI="item:Categories"/>` +
		`<t:Message><t:Categories><t:String>Customers</t:String></t:Categories></t:Message></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`)
}

var versionedID = regexp.MustCompile(`<t:ItemId Id="[^"]*" ChangeKey="[^"]*"/>`)

// versioned is the id of an item with its present version.
func (r *rig) versioned(id string) string {
	return versionedID.FindString(r.soap(`<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds><t:ItemId Id="` + id + `"/></m:ItemIds></m:GetItem>`))
}

// All mail comes in pages of bounded size, each message in one of them.
func TestAllMailComesInPages(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(nil) // of 20
	for i := range 90 {
		r.clock.Advance(time.Duration(i%2) * 10 * time.Minute)
		from, to := "fay@example.org", ann
		if i%3 == 0 {
			from, to = ann, "fay@example.org" // another folder
		}
		r.letter(ewssim.Letter{From: from, To: []string{to}, Subject: fmt.Sprint("Letter ", i), At: r.clock.Now()})
	}
	told, pages, since := map[remote.ItemID]int{}, 0, remote.Cursor("")
	for more := true; more; pages++ {
		d, err := m.Changes(t.Context(), exchange.AllMail, remote.Scope{}, since)
		if err != nil || len(d.Changed) > 40 {
			t.Fatalf("%d messages in a page, %v", len(d.Changed), err)
		}
		for _, rec := range d.Changed {
			told[rec.ID]++
		}
		since, more = d.Next, d.More
	}
	if len(told) != 90 || pages < 4 {
		t.Errorf("%d messages in %d pages", len(told), pages)
	}
	for _, n := range told {
		if n > 1 {
			t.Errorf("a message was told %d times", n)
		}
	}
	if d, err := m.Changes(t.Context(), exchange.AllMail, remote.Scope{}, since); err != nil || d.More || d.Next != since {
		t.Errorf("a quiet run: more %t, %v", d.More, err)
	}
}
