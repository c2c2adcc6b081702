package graphsim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// resource answers what is below /v1.0, by the segments of the path. Sim.mu is held.
func (s *Sim) resource(req *request) (answer, *refusal) {
	if r := req.grant.me(req); r != nil {
		return answer{}, r
	}
	if at(req.path, 0) != "users" {
		return answer{}, noSegment(req.path[0])
	}
	if len(req.path) < 3 {
		return s.serveUsers(req)
	}
	b := s.boxOf(req.path[1])
	if b == nil {
		return answer{}, refuse(http.StatusNotFound, "ErrorInvalidUser", "The requested user '%s' is invalid.", req.path[1])
	}
	a, serve := s.part(at(req.path, 2))
	if serve == nil {
		return answer{}, noSegment(req.path[2])
	}
	if r := s.mayUse(req.grant, a, b, writes(req.method) && at(req.path, 2) != "translateexchangeids"); r != nil {
		return answer{}, r
	}
	return serve(req, b, req.path[2:])
}

// at is a segment in lower case, in which the service does not tell names apart; "" is none.
func at(path []string, i int) string {
	if i >= len(path) {
		return ""
	}
	return strings.ToLower(path[i])
}

type handler func(req *request, b *mailbox, path []string) (answer, *refusal)

// part finds the part of a mailbox that a segment names.
func (s *Sim) part(segment string) (area, handler) {
	switch segment {
	case "calendar", "calendars", "calendarview", "events":
		return calendarArea(), s.serveCalendars
	case "contactfolders", "contacts":
		return contactArea(), s.serveContacts
	case "mailfolders", "messages":
		return mailArea(), s.serveMail
	case "sendmail":
		return sendArea(), s.sendMail
	case "todo":
		return taskArea(), s.serveTodo
	case "mailboxsettings":
		return settingsArea(), s.serveSettings
	case "translateexchangeids":
		return area{read: []string{UserReadAll}, write: []string{UserReadAll}, people: &area{read: []string{UserRead}, write: []string{UserRead}}}, s.translateIDs
	}
	return area{}, nil
}

func (s *Sim) serveUsers(req *request) (answer, *refusal) {
	switch {
	case req.method != http.MethodGet:
		return answer{}, noMethod()
	case !slices.Contains(req.grant.may, UserReadAll) && !(len(req.path) == 2 && req.grant.user != "" &&
		strings.EqualFold(req.grant.user, req.path[1]) && slices.Contains(req.grant.may, UserRead)):
		return answer{}, refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
	case len(req.path) == 1:
		value := []any{}
		for _, b := range s.boxes {
			value = append(value, b.person())
		}
		return ok(object{"@odata.context": req.context("users"), "value": value}), nil
	}
	b := s.boxOf(req.path[1])
	if b == nil {
		return answer{}, refuse(http.StatusNotFound, "Request_ResourceNotFound", "Resource '%s' does not exist or one of its queried reference-property objects are not present.", req.path[1])
	}
	o := b.person()
	o["@odata.context"] = req.context("users/$entity")
	return ok(o), nil
}

func (b *mailbox) person() object {
	return object{"id": b.id, "userPrincipalName": b.user.Name, "mail": b.user.Name, "displayName": b.user.FullName}
}

func (s *Sim) serveSettings(req *request, b *mailbox, path []string) (answer, *refusal) {
	if req.method != http.MethodGet || len(path) > 1 {
		return answer{}, noMethod()
	}
	return ok(object{"@odata.context": req.context("users('" + b.id + "')/mailboxSettings"), "timeZone": b.zone.name,
		"dateFormat": "M/d/yyyy", "timeFormat": "h:mm tt", "archiveFolder": "", "userPurpose": "user",
		"delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
		"language":                              object{"locale": "en-US", "displayName": "English (United States)"}}), nil
}

// folder finds a folder by its id.
func (s *Sim) folder(b *mailbox, k kind, id string) (*folder, *refusal) {
	if k == kindContact && strings.EqualFold(id, "contacts") {
		return b.defs[k], nil // its well-known name
	}
	if f := b.named[strings.ToLower(id)]; f != nil && k == kindMessage {
		return f, nil
	}
	r, ok := s.parseID(id)
	if !ok || r.kind != kindFolder {
		return nil, malformedID()
	}
	f := b.folders[r.no]
	if r.box != b.no || f == nil || f.kind != k {
		return nil, notFound()
	}
	return f, nil
}

// find finds an item, or an occurrence of one, by an id of either form. A folder in the path has to be the item's.
func (s *Sim) find(req *request, b *mailbox, f *folder, k kind, id string) (*item, int, *refusal) {
	r, ok := s.parseID(id)
	if !ok || r.kind != k {
		return nil, 0, malformedID()
	}
	if r.place == 0 && !req.prefer.immutable {
		return nil, 0, malformedID() // an immutable id means something to requests that ask for them only
	}
	it := b.items[r.no]
	if r.box != b.no || it == nil || r.place != 0 && it.place != r.place || f != nil && it.in != f {
		return nil, 0, notFound()
	}
	day := int(r.day)
	if day != noDay && !it.has(day) {
		return nil, 0, notFound()
	}
	return it, day, nil
}

// span reads a window of time from the query. Times without an offset are UTC, whatever zone the answer is to have.
func span(req *request) (from, to time.Time, r *refusal) {
	var ok1, ok2 bool
	from, ok1 = spanTime(req.query.Get("startdatetime"))
	to, ok2 = spanTime(req.query.Get("enddatetime"))
	switch {
	case !req.query.Has("startdatetime") || !req.query.Has("enddatetime"):
		return from, to, refuse(http.StatusBadRequest, "ErrorInvalidParameter", "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.")
	case !ok1 || !ok2:
		return from, to, refuse(http.StatusBadRequest, "ErrorInvalidParameter", "The value of a query string parameter StartDateTime or EndDateTime is invalid.")
	case to.Before(from):
		return from, to, refuse(http.StatusBadRequest, "ErrorInvalidParameter", "The EndDateTime is before the StartDateTime.")
	case to.Sub(from) > maxSpan:
		return from, to, refuse(http.StatusBadRequest, "ErrorCalendarViewRangeTooBig", "The requested time window is too big.")
	}
	return from, to, nil
}

// maxSpan is the longest calendar view.
const maxSpan = 1825 * 24 * time.Hour

func spanTime(v string) (time.Time, bool) {
	if t, ok := parseOffsetTime(v); ok {
		return t, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05.9999999", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// translateIDs turns ids of one form into the other, up to 1000 at once.
func (s *Sim) translateIDs(req *request, b *mailbox, _ []string) (answer, *refusal) {
	if req.method != http.MethodPost {
		return answer{}, noMethod()
	}
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	ids, target := list(o, "inputIds"), text(o["targetIdType"])
	if len(ids) > 1000 || !slices.Contains([]string{"restId", "restImmutableEntryId"}, target) {
		return answer{}, badRequest("Invalid request")
	}
	value := []any{}
	for _, id := range ids {
		source := ref{}
		if source, _ = s.parseID(text(id)); b.items[source.no] == nil || source.box != b.no {
			value = append(value, object{"sourceId": id, "errorDetails": object{"code": "ErrorInvalidId"}})
			continue
		}
		value = append(value, object{"sourceId": id,
			"targetId": s.itemID(b.items[source.no], int(source.day), target == "restImmutableEntryId")})
	}
	return ok(object{"@odata.context": req.context("Collection(microsoft.graph.convertIdResult)"), "value": value}), nil
}
