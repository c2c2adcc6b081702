package ews

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/remotetest"
	"crmbridge/upstream"
)

// Exchange asks for a pause in three ways. In each the call is made again after it, nothing of the account goes out before, and one
// that is too long is told.
func TestServerBusy(t *testing.T) {
	t.Parallel()
	wrapped := `<s:Envelope xmlns:s="` + nsSOAP + `" xmlns:m="` + nsMessages + `" xmlns:t="` + nsTypes + `"><s:Body><m:SyncFolderItemsResponse><m:ResponseMessages><m:SyncFolderItemsResponseMessage ResponseClass="Error">` +
		`<m:MessageText>The server is too busy.</m:MessageText><m:ResponseCode>ErrorInternalServerError</m:ResponseCode><m:MessageXml><t:Value Name="InnerErrorResponseCode">ErrorServerBusy</t:Value><t:Value Name="BackOffMilliseconds">%MS%</t:Value></m:MessageXml>` +
		`</m:SyncFolderItemsResponseMessage></m:ResponseMessages></m:SyncFolderItemsResponse></s:Body></s:Envelope>`
	for name, c := range map[string]struct {
		status int
		body   func(ms string) string
		wait   time.Duration
	}{
		"fault": {500, func(ms string) string { return soapFault("ErrorServerBusy", atoi(ms)) }, 7 * time.Second},
		"code in a code": {200, func(ms string) string {
			return replace(wrapped, "%MS%", ms)
		}, 7 * time.Second},
		"bare 503": {503, func(string) string { return "" }, unknownPause},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			busyTimes := 1
			f := newFake(t, func(op string, n int, w http.ResponseWriter, r *http.Request) {
				switch {
				case op == "GetFolder":
					send(w, 200, success(op, calendarFolder))
				case n <= busyTimes:
					send(w, c.status, c.body("7000"))
				default:
					send(w, 200, success(op, `<m:SyncState>S</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes/>`))
				}
			})
			clk := testclock.New()
			m := f.openAt(clk, nil)
			if _, err := m.Changes(t.Context(), "CAL", remote.Scope{}, ""); err != nil {
				t.Fatalf("after the pause: %v", err)
			}
			var waited time.Duration
			for _, d := range clk.Slept() {
				waited += d
			}
			if waited < c.wait {
				t.Errorf("waited %v, want %v", waited, c.wait)
			}
		})
	}
}

func TestLongPauseIsTold(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(op string, n int, w http.ResponseWriter, r *http.Request) {
		send(w, 500, soapFault("ErrorServerBusy", 300_000))
	})
	m := f.open(exchangeSettings("mailbox", "bob@example.org"))
	_, err := m.Collections(t.Context())
	if !errors.Is(err, pim.ErrThrottled) || pim.RetryAfter(err) < 4*time.Minute {
		t.Fatalf("%v, after %v", err, pim.RetryAfter(err))
	}
	asked := len(f.of("GetFolder"))
	_, err = m.Fetch(t.Context(), "CAL", []remote.ItemID{"x"})
	if !errors.Is(err, pim.ErrThrottled) || len(f.of("GetFolder")) != asked {
		t.Errorf("the account was not held: %v, %d requests", err, len(f.of("GetFolder"))-asked)
	}
}

// The words of the mark stand in items, too.
func TestBusyInATitle(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(op string, n int, w http.ResponseWriter, r *http.Request) {
		if op == "GetFolder" {
			send(w, 200, success(op, calendarFolder))
			return
		}
		send(w, 200, success(op, `<m:Items><t:CalendarItem><t:ItemId Id="x" ChangeKey="1"/><t:Subject>ErrorServerBusy &lt;t:Value Name="BackOffMilliseconds"&gt;90000&lt;/t:Value&gt;</t:Subject></t:CalendarItem></m:Items>`))
	})
	recs, err := f.open(nil).Fetch(t.Context(), "CAL", []remote.ItemID{"x"})
	if err != nil || len(recs) != 1 {
		t.Errorf("%d, %v", len(recs), err)
	}
}

// Links that one account pays for wait together and share its calls at once, those of a delegate too; another account goes on.
func TestLinksShareABudget(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(op string, n int, w http.ResponseWriter, r *http.Request) {
		send(w, 500, soapFault("ErrorServerBusy", 300_000))
	})
	d, pauses := Driver(), &upstream.Pauses{}
	clk := testclock.New()
	open := func(pairs ...string) *mail {
		client := remotetest.Client(t, clk, func(o *upstream.Options) { o.Pauses = pauses })
		s := exchangeSettings(append([]string{"url", f.url, "user", "ann@example.org", "password", "secret"}, pairs...)...)
		r, err := d.Open(t.Context(), exchange.Env{HTTP: client, Now: clk.Now, Zone: "Europe/Oslo"}, s)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		if w, ok := r.(watched); ok {
			return w.mail
		}
		return r.(*mail)
	}
	own, second, delegate := open(), open("mailbox", "Ann@example.org"), open("mailbox", "bob@example.org", "impersonate", "no")
	acting, again := open("mailbox", "bob@example.org"), open("mailbox", "BOB@example.org", "page_size", "50")
	if own.account.places != second.account.places || own.account.places != delegate.account.places || acting.account.places != again.account.places {
		t.Error("links of one account have places of their own")
	}
	if own.account.places == acting.account.places {
		t.Error("two accounts share places")
	}
	if _, err := own.Collections(t.Context()); !errors.Is(err, pim.ErrThrottled) {
		t.Fatal(err)
	}
	asked := len(f.of("SyncFolderHierarchy"))
	for _, m := range []*mail{second, delegate} {
		if _, err := m.Collections(t.Context()); !errors.Is(err, pim.ErrThrottled) || len(f.of("SyncFolderHierarchy")) != asked {
			t.Errorf("another link of the account was not held: %v", err)
		}
	}
	if _, err := acting.Collections(t.Context()); !errors.Is(err, pim.ErrThrottled) || len(f.of("SyncFolderHierarchy")) != asked+1 {
		t.Errorf("another account was held: %v", err)
	}
}
