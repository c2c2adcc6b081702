package graphsim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hook is an endpoint for notifications.
type hook struct {
	srv  *httptest.Server
	got  chan object
	fail atomic.Int32 // so many notifications are answered 500
	mute atomic.Bool  // validation is answered wrongly
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := &hook{got: make(chan object, 100)}
	h.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if token := r.URL.Query().Get("validationToken"); token != "" {
			w.Header().Set("Content-Type", "text/plain")
			if h.mute.Load() {
				token = "x"
			}
			io.WriteString(w, token) //nolint:errcheck // the simulator looks at it
			return
		}
		if h.fail.Add(-1) >= 0 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		o, err := parseObject(body)
		if err != nil {
			t.Errorf("notification %q: %v", body, err)
		}
		w.WriteHeader(http.StatusAccepted)
		for _, n := range list(o, "value") {
			h.got <- n.(object)
		}
	}))
	t.Cleanup(h.srv.Close)
	return h
}

// next waits for a notification.
func (h *hook) next(t *testing.T) object {
	t.Helper()
	select {
	case n := <-h.got:
		return n
	case <-time.After(30 * time.Second):
		t.Fatal("no notification within 30 s")
	}
	return nil
}

func hooked(o *Options) { o.PlainNotifications, o.Notify = true, http.DefaultClient.Do }

func wish(h *hook, resource string) object {
	return object{"changeType": "created,updated,deleted", "notificationUrl": h.srv.URL + "/notify?x=1", "lifecycleNotificationUrl": h.srv.URL + "/life",
		"resource": resource, "expirationDateTime": "2026-10-03T00:00:00Z", "clientState": "secret"}
}

func TestSubscription(t *testing.T) {
	t.Parallel()
	b := newBench(t, hooked)
	h := newHook(t)
	sub1 := b.want(201, "POST", "/subscriptions", wish(h, "/users/ann@example.org/events"), immutable)
	path := "/subscriptions/" + text(sub1["id"])
	e := b.event(nil, immutable)
	n := h.next(t)
	for name, want := range map[string]any{"subscriptionId": sub1["id"], "clientState": "secret", "changeType": "created", "tenantId": b.sim.Tenant(),
		"subscriptionExpirationDateTime": "2026-10-03T00:00:00Z"} {
		if n[name] != want {
			t.Errorf("%s = %v, want %v", name, n[name], want)
		}
	}
	if data := sub(n, "resourceData"); data["id"] != e["id"] || data["@odata.type"] != "#Microsoft.Graph.Event" {
		t.Errorf("%v", data)
	}
	b.want(200, "PATCH", eventPath(e), object{"subject": "x"}, immutable)
	if n := h.next(t); n["changeType"] != "updated" {
		t.Errorf("%v", n)
	}
	b.want(201, "POST", ann+"/contacts", object{"displayName": "nobody asked"})
	b.want(204, "DELETE", eventPath(e), nil, immutable)
	if n := h.next(t); n["changeType"] != "deleted" || sub(n, "resourceData")["id"] != e["id"] {
		t.Errorf("%v", n)
	}

	// Paused until it is authorised again.
	b.sim.Lifecycle("reauthorizationRequired")
	if n := h.next(t); n["lifecycleEvent"] != "reauthorizationRequired" || n["clientState"] != "secret" {
		t.Errorf("%v", n)
	}
	b.event(nil)
	b.want(204, "POST", path+"/reauthorize", nil)
	b.event(object{"subject": "after"})
	if n := h.next(t); n["changeType"] != "created" || len(h.got) != 0 {
		t.Errorf("%v and %d more", n, len(h.got))
	}

	// An endpoint that fails is tried again, and told what it missed in the end.
	h.fail.Store(2)
	b.event(nil)
	h.next(t)
	h.fail.Store(3)
	b.event(nil)
	if n := h.next(t); n["lifecycleEvent"] != "missed" {
		t.Errorf("%v", n)
	}
	if taken, lost := b.sim.Notified(); lost != 1 || taken < 5 {
		t.Errorf("%d taken, %d lost", taken, lost)
	}

	if got := b.want(200, "PATCH", path, object{"expirationDateTime": "2026-10-04T00:00:00Z"}); got["expirationDateTime"] != "2026-10-04T00:00:00Z" || got["resource"] != "/users/ann@example.org/events" {
		t.Errorf("%v", got)
	}
	b.refused(400, "InvalidRequest", "PATCH", path, object{"resource": "x"})
	b.clock.Advance(50 * time.Hour)
	b.token = b.signIn("app", "sesame")
	if n := len(values(b.want(200, "GET", "/subscriptions", nil))); n != 1 || b.sim.Subscriptions() != 1 {
		t.Errorf("%d subscriptions", n)
	}
	b.clock.Advance(24 * time.Hour)
	b.token = b.signIn("app", "sesame")
	b.refused(404, "ResourceNotFound", "GET", path, nil)
}

func TestSubscriptionsOfAllKinds(t *testing.T) {
	t.Parallel()
	b := newBench(t, hooked)
	h := newHook(t)
	l := text(list(b.want(200, "GET", ann+"/todo/lists", nil), "value")[0].(object)["id"])
	c := text(b.want(200, "GET", ann+"/calendar", nil)["id"])
	for _, resource := range []string{ann + "/contacts", ann + "/calendars/" + c + "/events", ann + "/contactFolders/contacts/contacts", ann + "/calendar/events"} {
		b.want(201, "POST", "/subscriptions", wish(h, resource))
	}
	tasks := "('" + l + "')/tasks"
	b.refused(403, "ErrorAccessDenied", "POST", "/subscriptions", wish(h, "users('ann@example.org')/todo/lists"+tasks))
	app := b.token
	b.sim.grants.mu.Lock()
	b.sim.grants.tokens["ann's"] = &grant{app: "app", user: "ann@example.org", may: []string{TasksReadWrite}, expires: b.clock.Now().Add(time.Hour)}
	b.sim.grants.mu.Unlock()
	b.token = "ann's"
	b.want(201, "POST", "/subscriptions", wish(h, "me/todo/lists"+tasks))
	b.token = app
	b.want(201, "POST", ann+"/todo/lists/"+l+"/tasks", object{"title": "x"})
	if n := h.next(t); !strings.Contains(text(n["resource"]), "/tasks/") {
		t.Errorf("%v", n)
	}
	b.sim.Lifecycle("subscriptionRemoved")
	for range 5 {
		if n := h.next(t); n["lifecycleEvent"] != "subscriptionRemoved" {
			t.Errorf("%v", n)
		}
	}
	if b.sim.Subscriptions() != 0 {
		t.Error("they are still there")
	}
	s := b.want(201, "POST", "/subscriptions", wish(h, ann+"/contacts"))
	b.want(204, "DELETE", "/subscriptions/"+text(s["id"]), nil)
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, hooked, func(o *Options) {
		o.Apps = append(o.Apps, App{ID: "other", Secret: "s", Permissions: []string{ContactsRead}})
	})
	h := newHook(t)
	good := wish(h, ann+"/events")
	for name, c := range map[string]struct {
		change object
		code   string
	}{
		"too long":    {object{"expirationDateTime": "2026-10-08T00:00:00Z"}, "InvalidRequest"},
		"past":        {object{"expirationDateTime": "2026-09-08T00:00:00Z"}, "InvalidRequest"},
		"no end":      {object{"expirationDateTime": ""}, "RequestBodyRead"},
		"null":        {object{"notificationUrl": nil}, "UnableToDeserializePostBody"},
		"no change":   {object{"changeType": "moved"}, "InvalidRequest"},
		"no URL":      {object{"notificationUrl": "ftp://example.org"}, "InvalidRequest"},
		"long secret": {object{"clientState": strings.Repeat("x", 129)}, "InvalidRequest"},
		"resource":    {object{"resource": ann + "/drive"}, "InvalidRequest"},
		"me":          {object{"resource": "/me/events"}, "BadRequest"},
		"unknown":     {object{"url": "x"}, "RequestBodyRead"},
		"dead end":    {object{"notificationUrl": "http://127.0.0.1:1/"}, "ValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			b := &bench{t: t, sim: b.sim, url: b.url, token: b.token}
			b.refused(400, c.code, "POST", "/subscriptions", overlay(good, c.change))
		})
	}
	b.refused(404, "ErrorInvalidUser", "POST", "/subscriptions", overlay(good, object{"resource": "/users/eve@example.org/events"}))
	h.mute.Store(true)
	b.refused(400, "ValidationError", "POST", "/subscriptions", good)
	h.mute.Store(false)
	mine := b.want(201, "POST", "/subscriptions", good)
	b.token = b.signIn("other", "s")
	b.refused(403, "ErrorAccessDenied", "POST", "/subscriptions", good)
	b.refused(404, "ResourceNotFound", "DELETE", "/subscriptions/"+text(mine["id"]), nil)
	strict := newBench(t)
	strict.refused(400, "InvalidRequest", "POST", "/subscriptions", good)
	strict.refused(400, "ValidationError", "POST", "/subscriptions", overlay(good, object{"notificationUrl": "https://127.0.0.1:1/", "lifecycleNotificationUrl": nil}))
}

// Answers to meetings are changes, too.
func TestAnswersAreTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, hooked)
	h := newHook(t)
	b.want(201, "POST", "/subscriptions", wish(h, "/users/ann@example.org/events"), immutable)
	made, err := b.sim.Receive("ann@example.org", "bob@example.org", overlay(onDay2("2026-10-05"), object{"subject": "theirs"}))
	if err != nil {
		t.Fatal(err)
	}
	h.next(t)
	for action, want := range map[string]string{"/tentativelyAccept": "updated", "/accept": "updated"} {
		b.want(202, "POST", ann+"/events/"+text(made["id"])+action, object{"sendResponse": false}, immutable)
		if n := h.next(t); n["changeType"] != want {
			t.Errorf("%s: %v", action, n)
		}
	}
	b.want(202, "POST", ann+"/events/"+text(made["id"])+"/decline", object{"sendResponse": false}, immutable)
	if n := h.next(t); n["changeType"] != "deleted" {
		t.Errorf("declined: %v", n)
	}
}
