package graphsim

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxLife is how long a subscription to Outlook's items may last.
const maxLife = 4230 * time.Minute

// subscription is a wish to be told of changes.
type subscription struct {
	id        string
	app       string
	body      object // as asked for
	resource  watched
	types     []string
	immutable bool
	expires   time.Time
	paused    bool // until it is authorised again
}

// watched is what a subscription is about.
type watched struct {
	box  *mailbox
	kind kind
	in   *folder // nil is all of the mailbox
}

// serveSubscriptions answers /subscriptions. Sim.mu is not held: making one calls its notification URL.
func (s *Sim) serveSubscriptions(req *request) (answer, *refusal) {
	switch {
	case len(req.path) == 1 && req.method == http.MethodGet:
		value := []any{}
		for _, sub := range s.subs.of(req.grant.app, s.opt.Now()) {
			value = append(value, s.subs.show(sub))
		}
		return ok(object{"@odata.context": req.context("subscriptions"), "value": value}), nil
	case len(req.path) == 1 && req.method == http.MethodPost:
		return s.subscribe(req)
	case len(req.path) == 1:
		return answer{}, noMethod()
	}
	sub := s.subs.byID(req.path[1], s.opt.Now())
	if sub == nil || sub.app != req.grant.app {
		return answer{}, refuse(http.StatusNotFound, "ResourceNotFound", "The object was not found.")
	}
	switch {
	case len(req.path) == 3 && at(req.path, 2) == "reauthorize" && req.method == http.MethodPost:
		s.subs.change(func() { sub.paused = false })
		return noContent(), nil
	case len(req.path) > 2:
		return answer{}, noSegment(req.path[2])
	case req.method == http.MethodGet:
	case req.method == http.MethodPatch:
		if r := s.renew(req, sub); r != nil {
			return answer{}, r
		}
	case req.method == http.MethodDelete:
		s.subs.remove(sub.id)
		return noContent(), nil
	default:
		return answer{}, noMethod()
	}
	return ok(overlay(s.subs.show(sub), object{"@odata.context": req.context("subscriptions/$entity")})), nil
}

func (sub *subscription) object() object {
	return overlay(object{"applicationId": sub.app, "clientState": nil, "lifecycleNotificationUrl": nil, "creatorId": sub.app, "includeResourceData": nil,
		"encryptionCertificate": nil, "encryptionCertificateId": nil, "latestSupportedTlsVersion": "v1_2", "notificationQueryOptions": nil,
		"notificationUrlAppId": nil}, overlay(sub.body, object{"id": sub.id, "expirationDateTime": stamp(sub.expires)}))
}

func invalidSubscription(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, "InvalidRequest", format, args...)
}

func (s *Sim) subscribe(req *request) (answer, *refusal) {
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	body, r := s.model.body("subscription", o)
	if r != nil {
		return answer{}, r
	}
	made := &subscription{id: s.newGUID("subscription"), app: req.grant.app, body: body, immutable: req.prefer.immutable}
	if r := s.checkSubscription(body, made); r != nil {
		return answer{}, r
	}
	if made.resource, r = s.watch(req, text(body["resource"])); r != nil {
		return answer{}, r
	}
	urls := []string{text(body["notificationUrl"])}
	if l := text(body["lifecycleNotificationUrl"]); l != "" && l != urls[0] {
		urls = append(urls, l)
	}
	for _, u := range urls {
		if !s.subs.validate(req.ctx, u) {
			return answer{}, refuse(http.StatusBadRequest, "ValidationError", "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.")
		}
	}
	s.subs.add(made)
	return created(overlay(s.subs.show(made), object{"@odata.context": req.context("subscriptions/$entity")})), nil
}

// checkSubscription checks all of a subscription that needs no look at data or network.
func (s *Sim) checkSubscription(body object, sub *subscription) *refusal {
	for _, name := range []string{"changeType", "notificationUrl", "resource", "expirationDateTime"} {
		if text(body[name]) == "" {
			return invalidSubscription("%s is a required property for subscription creation", name)
		}
	}
	for t := range strings.SplitSeq(text(body["changeType"]), ",") {
		t = strings.ToLower(strings.TrimSpace(t))
		if !slices.Contains([]string{"created", "updated", "deleted"}, t) {
			return invalidSubscription("Invalid changeType: '%s'.", t)
		}
		sub.types = append(sub.types, t)
	}
	for _, name := range []string{"notificationUrl", "lifecycleNotificationUrl"} {
		u, err := url.Parse(text(body[name]))
		if name == "lifecycleNotificationUrl" && text(body[name]) == "" {
			continue
		}
		if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && s.opt.PlainNotifications) {
			return invalidSubscription("%s must be an HTTPS URL.", name)
		}
	}
	if len(text(body["clientState"])) > 128 {
		return invalidSubscription("clientState is longer than 128 characters.")
	}
	if yes(body, "includeResourceData") {
		return invalidSubscription("includeResourceData is not supported for this resource without an encryption certificate.")
	}
	var r *refusal
	sub.expires, r = s.life(text(body["expirationDateTime"]))
	return r
}

// life reads until when a subscription is to last.
func (s *Sim) life(v string) (time.Time, *refusal) {
	t, _ := parseOffsetTime(v)
	now := s.opt.Now()
	switch {
	case !t.After(now):
		return t, invalidSubscription("Subscription expiration must be in the future.")
	case t.Sub(now) > maxLife:
		return t, invalidSubscription("Subscription expiration can only be %d minutes in the future.", maxLife/time.Minute)
	}
	return t, nil
}

func (s *Sim) renew(req *request, sub *subscription) *refusal {
	o, r := req.object()
	if r != nil {
		return r
	}
	body, r := s.model.body("subscription", o)
	if r != nil {
		return r
	}
	for name := range body {
		if name != "expirationDateTime" && name != "notificationUrl" {
			return invalidSubscription("%s cannot be changed.", name)
		}
	}
	until := sub.expires
	if v, sent := body["expirationDateTime"]; sent {
		if until, r = s.life(text(v)); r != nil {
			return r
		}
	}
	if u := text(body["notificationUrl"]); u != "" && !s.subs.validate(req.ctx, u) {
		return refuse(http.StatusBadRequest, "ValidationError", "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.")
	}
	s.subs.change(func() {
		sub.expires, sub.paused = until, false
		if u := text(body["notificationUrl"]); u != "" {
			sub.body["notificationUrl"] = u
		}
	})
	return nil
}

// watch finds what a resource names, and whether the application may read it.
func (s *Sim) watch(req *request, resource string) (watched, *refusal) {
	bad := invalidSubscription("Resource '%s' is not supported.", resource)
	look := &request{query: url.Values{}}
	look.parseURL(strings.TrimPrefix(resource, "/"), "")
	if r := req.grant.me(look); r != nil {
		return watched{}, r
	}
	p := look.path
	if len(p) < 3 || at(p, 0) != "users" {
		return watched{}, bad
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w := watched{box: s.boxOf(p[1])}
	if w.box == nil {
		return w, refuse(http.StatusNotFound, "ErrorInvalidUser", "The requested user '%s' is invalid.", p[1])
	}
	a, id := area{}, ""
	switch {
	case at(p, 2) == "events" && len(p) == 3:
		a, w.kind = calendarArea(), kindEvent
	case at(p, 2) == "calendar" && at(p, 3) == "events" && len(p) == 4:
		a, w.kind, w.in = calendarArea(), kindEvent, w.box.defs[kindEvent]
	case at(p, 2) == "calendars" && at(p, 4) == "events" && len(p) == 5:
		a, w.kind, id = calendarArea(), kindEvent, p[3]
	case at(p, 2) == "contacts" && len(p) == 3:
		a, w.kind = contactArea(), kindContact
	case at(p, 2) == "contactfolders" && at(p, 4) == "contacts" && len(p) == 5:
		a, w.kind, id = contactArea(), kindContact, p[3]
	case at(p, 2) == "messages" && len(p) == 3:
		a, w.kind = mailArea(), kindMessage
	case at(p, 2) == "mailfolders" && at(p, 4) == "messages" && len(p) == 5:
		a, w.kind, id = mailArea(), kindMessage, p[3]
	case at(p, 2) == "todo" && at(p, 3) == "lists" && at(p, 5) == "tasks" && len(p) == 6:
		a, w.kind, id = taskArea(), kindTask, p[4]
	default:
		return w, bad
	}
	if r := s.mayUse(req.grant, a, w.box, false); r != nil {
		return w, r
	}
	if w.kind == kindTask && req.grant.user == "" {
		return w, denied() // subscription-post-subscriptions: no application permission for todoTask
	}
	var r *refusal
	if id != "" {
		w.in, r = s.folder(w.box, w.kind, id)
	}
	return w, r
}
