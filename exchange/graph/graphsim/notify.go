package graphsim

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"crmbridge/internal/simkit"
)

// The service's patience: with endpoints that are to prove themselves, and with those that are told of a change.
const (
	validationTime = 10 * time.Second
	deliveryTime   = 3 * time.Second
	deliveryTries  = 3 // of the four hours that the service goes on
)

// subscriptions holds what applications want to be told, and tells them, one message after the other.
type subscriptions struct {
	sim    *Sim
	mu     sync.Mutex
	list   []*subscription
	queue  []message
	sent   int
	failed int
	wake   chan struct{}
	end    context.CancelFunc
	done   chan struct{}
}

// message is a notification that is to go out.
type message struct {
	sub       *subscription
	url       string
	body      object
	lifecycle bool
}

// start begins delivering. The goroutine is the Sim's and ends with stop.
func (u *subscriptions) start(s *Sim) {
	u.sim, u.wake, u.done = s, make(chan struct{}, 1), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	u.end = cancel
	go func() {
		defer close(u.done)
		defer func() {
			if p := recover(); p != nil {
				s.opt.Log.Error("delivery of notifications ended", "panic", p)
			}
		}()
		for {
			select {
			case <-ctx.Done():
				return
			case <-u.wake:
				u.deliver(ctx)
			}
		}
	}()
}

func (u *subscriptions) stop() {
	u.end()
	<-u.done
}

// deliver sends what is queued.
func (u *subscriptions) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		u.mu.Lock()
		if len(u.queue) == 0 {
			u.mu.Unlock()
			return
		}
		m := u.queue[0]
		u.queue = u.queue[1:]
		u.mu.Unlock()
		good := false
		for try := 0; try < deliveryTries && !good && ctx.Err() == nil; try++ {
			if try > 0 {
				simkit.Pause(ctx, u.sim.opt.NotifyRetry)
			}
			good = u.post(ctx, m)
		}
		u.mu.Lock()
		if good {
			u.sent++
		} else {
			u.failed++
		}
		u.mu.Unlock()
		if !good && !m.lifecycle {
			u.tell(m.sub, "missed")
		}
	}
}

func (u *subscriptions) post(ctx context.Context, m message) bool {
	ctx, cancel := context.WithTimeout(ctx, deliveryTime)
	defer cancel()
	body, err := json.Marshal(object{"value": []any{m.body}})
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := u.sim.opt.Notify(req)
	if err != nil {
		u.sim.opt.Log.Debug("notification", "error", err)
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode >= 200 && resp.StatusCode < 300
}

// validate asks an endpoint to say a token back, in plain text.
func (u *subscriptions) validate(ctx context.Context, endpoint string) bool {
	ctx, cancel := context.WithTimeout(ctx, validationTime)
	defer cancel()
	token := "Validation: Testing client application reachability & more " + rand.Text()
	glue := "?"
	if strings.Contains(endpoint, "?") {
		glue = "&"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+glue+"validationToken="+url.QueryEscape(token), nil)
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := u.sim.opt.Notify(req)
	if err != nil {
		u.sim.opt.Log.Debug("validation", "error", err)
		return false
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	return err == nil && resp.StatusCode == http.StatusOK && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") &&
		string(said) == token
}

func (u *subscriptions) add(sub *subscription) { u.change(func() { u.list = append(u.list, sub) }) }

func (u *subscriptions) remove(id string) {
	u.change(func() { u.list = slices.DeleteFunc(u.list, func(s *subscription) bool { return s.id == id }) })
}

// change does something to a subscription or to the list.
func (u *subscriptions) change(do func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	do()
}

// show is a subscription as its application sees it.
func (u *subscriptions) show(sub *subscription) (o object) {
	u.change(func() { o = sub.object() })
	return o
}

// alive drops what has expired. u.mu is held.
func (u *subscriptions) alive(now time.Time) []*subscription {
	u.list = slices.DeleteFunc(u.list, func(s *subscription) bool { return !s.expires.After(now) })
	return u.list
}

func (u *subscriptions) of(app string, now time.Time) (out []*subscription) {
	u.change(func() {
		for _, s := range u.alive(now) {
			if s.app == app {
				out = append(out, s)
			}
		}
	})
	return out
}

func (u *subscriptions) byID(id string, now time.Time) (found *subscription) {
	u.change(func() {
		for _, s := range u.alive(now) {
			if s.id == id {
				found = s
			}
		}
	})
	return found
}

// changed tells who wants to know of a change. Sim.mu is held.
func (s *Sim) changed(b *mailbox, in *folder, it *item, day int, what string) {
	s.subs.mu.Lock()
	defer s.subs.mu.Unlock()
	for _, sub := range s.subs.alive(s.opt.Now()) {
		w := sub.resource
		if w.box != b || w.kind != it.kind || w.in != nil && w.in != in || sub.paused || !slices.Contains(sub.types, what) {
			continue
		}
		s.subs.push(message{sub, text(sub.body["notificationUrl"]), s.notification(sub, in, it, day, what), false})
	}
}

// notification is a changeNotification: which resource changed, not how.
func (s *Sim) notification(sub *subscription, in *folder, it *item, day int, what string) object {
	id := s.itemID(it, day, sub.immutable)
	typ, set := "Event", "Events"
	switch it.kind {
	case kindContact:
		typ, set = "Contact", "Contacts"
	case kindMessage:
		typ, set = "Message", "Messages"
	case kindTask:
		typ, set = "todoTask", "todo/lists/"+s.folderID(in)+"/tasks"
	}
	resource := fmt.Sprintf("Users/%s/%s/%s", it.box.id, set, id)
	return overlay(s.envelope(sub), object{"id": s.newGUID("notification"), "changeType": what, "resource": resource,
		"resourceData": object{"@odata.type": "#Microsoft.Graph." + typ, "@odata.id": resource,
			"@odata.etag": etag(s.changeKey(it.box.no, it.version(day))), "id": id}})
}

// envelope is what all notifications of a subscription have.
func (s *Sim) envelope(sub *subscription) object {
	return object{"subscriptionId": sub.id, "subscriptionExpirationDateTime": stamp(sub.expires), "clientState": sub.body["clientState"],
		"tenantId": s.opt.Tenant}
}

// push queues a message. u.mu is held.
func (u *subscriptions) push(m message) {
	u.queue = append(u.queue, m)
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// tell sends a lifecycle event of a subscription that has an address for them.
func (u *subscriptions) tell(sub *subscription, event string) {
	u.change(func() {
		if to := text(sub.body["lifecycleNotificationUrl"]); to != "" {
			u.push(message{sub, to, overlay(u.sim.envelope(sub), object{"lifecycleEvent": event}), true})
		}
	})
}

// Lifecycle makes a lifecycle event happen to all subscriptions: "reauthorizationRequired" pauses them until they are
// authorised or renewed, "subscriptionRemoved" ends them, "missed" does nothing but say so.
func (s *Sim) Lifecycle(event string) {
	var all []*subscription
	s.subs.change(func() {
		all = slices.Clone(s.subs.alive(s.opt.Now()))
		for _, sub := range all {
			sub.paused = sub.paused || event == "reauthorizationRequired"
		}
		if event == "subscriptionRemoved" {
			s.subs.list = nil
		}
	})
	for _, sub := range all {
		s.subs.tell(sub, event)
	}
}

// Subscriptions is how many subscriptions there are.
func (s *Sim) Subscriptions() (n int) {
	s.subs.change(func() { n = len(s.subs.alive(s.opt.Now())) })
	return n
}

// Notified is how many notifications were taken by their endpoints, and how many were given up.
func (s *Sim) Notified() (taken, givenUp int) {
	s.subs.change(func() { taken, givenUp = s.subs.sent, s.subs.failed })
	return taken, givenUp
}
