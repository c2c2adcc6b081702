package graphsim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// when is the time of an event: wall clocks in zones.
type when struct {
	start, end wall
	zone       zone // of start, and of the series
	endZone    zone
	allDay     bool
}

func (w when) from() time.Time { return w.start.instant(w.zone.loc) }
func (w when) to() time.Time   { return w.end.instant(w.endZone.loc) }

func (w when) same(v when) bool {
	return w.start == v.start && w.end == v.end && w.allDay == v.allDay && w.zone.name == v.zone.name && w.endZone.name == v.endZone.name
}

// writable are the properties of events that clients set; the service ignores the others in a body.
func writable() []string {
	return []string{"allowNewTimeProposals", "attendees", "body", "categories", "hideAttendees", "importance", "isAllDay", "isOnlineMeeting",
		"isReminderOn", "location", "locations", "onlineMeetingProvider", "reminderMinutesBeforeStart", "responseRequested",
		"sensitivity", "showAs", "subject"}
}

// defaults are what an event has that nobody said anything about: note the reminder.
func eventDefaults() object {
	return object{"allowNewTimeProposals": true, "attendees": []any{}, "body": object{"contentType": "html", "content": ""}, "categories": []any{},
		"hideAttendees": false, "importance": "normal", "isAllDay": false, "isOnlineMeeting": false, "isReminderOn": true,
		"location": object{"displayName": "", "locationType": "default"}, "locations": []any{}, "onlineMeetingProvider": "unknown",
		"reminderMinutesBeforeStart": int64(15), "responseRequested": true, "sensitivity": "normal", "showAs": "busy", "subject": ""}
}

// createEvent answers POST events.
func (s *Sim) createEvent(req *request, f *folder) (answer, *refusal) {
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	body, r := s.model.body("event", o)
	if r != nil {
		return answer{}, r
	}
	if _, sent := body["attachments"]; sent {
		return answer{}, badBody("The property 'attachments' cannot be set when an event is created.")
	}
	box, txn, sent := f.box, text(body["transactionId"]), canonical(body)
	if p, used := box.used[txn]; used && txn != "" {
		it := box.items[p.item]
		if it == nil || p.body != sent {
			return answer{}, refuse(http.StatusConflict, "ErrorDuplicateTransactionId", "Your request can't be completed. The TransactionId specified in the request has already been used to create a different event.")
		}
		return s.show(req, "event", it, noDay, http.StatusCreated)
	}
	it, r := s.buildEvent(box, body)
	if r != nil {
		return answer{}, r
	}
	if txn != "" {
		box.used[txn] = posted{it.no, sent}
		it.props["transactionId"] = txn
	}
	f.put(it)
	box.bump(it, noDay, s.opt.Now())
	s.mailAbout(it, "invitation", addresses(it.props))
	s.changed(box, f, it, noDay, "created")
	return s.show(req, "event", it, noDay, http.StatusCreated)
}

// buildEvent makes an event of a checked body. It belongs to no calendar yet.
func (s *Sim) buildEvent(box *mailbox, body object) (*item, *refusal) {
	if body["start"] == nil {
		begin := s.opt.Now().UTC().Truncate(time.Hour).Add(time.Hour)
		body["start"] = inZone(begin, utc())
		if body["end"] == nil {
			body["end"] = inZone(begin.Add(30*time.Minute), utc())
		}
	}
	draft := &item{box: box, kind: kindEvent, props: eventDefaults(), ext: map[string]extended{}}
	if r := draft.apply(body); r != nil {
		return nil, r
	}
	it := box.newItem(kindEvent, s.opt.Now())
	it.props, it.ext, it.when, it.rule = draft.props, draft.ext, draft.when, draft.rule
	it.changed, it.cancelled = map[int]*exception{}, map[int]bool{}
	return it, nil
}

// apply changes a single event or a series by a checked body: all of it or nothing.
func (it *item) apply(body object) *refusal {
	props, ext, r := merged(it.props, it.ext, body)
	if r != nil {
		return r
	}
	w, r := it.when.change(body, yes(props, "isAllDay"))
	if r != nil {
		return r
	}
	rl := it.rule
	if rec, sent := body["recurrence"]; sent {
		if rl = nil; rec != nil {
			if rl, r = parseRule(rec.(object)); r != nil {
				return r
			}
			if r := w.follow(text(sub(rec.(object), "range")["recurrenceTimeZone"])); r != nil {
				return r
			}
		}
	}
	if rl != nil {
		if r := rl.settle(&w); r != nil {
			return r
		}
	}
	if (rl == nil) != (it.rule == nil) || rl != nil && *rl != *it.rule || !w.same(it.when) {
		// The occurrences are others now, and what was said about the old ones is gone.
		it.changed, it.cancelled = map[int]*exception{}, map[int]bool{}
	}
	it.props, it.ext, it.when, it.rule = props, ext, w, rl
	return nil
}

// merged are properties with what a body changes of them.
func merged(old object, ext map[string]extended, body object) (object, map[string]extended, *refusal) {
	props, ext := maps.Clone(old), maps.Clone(ext)
	if r := setExtended(ext, list(body, "singleValueExtendedProperties")); r != nil {
		return nil, nil, r
	}
	for _, name := range writable() {
		v, sent := body[name]
		if !sent {
			continue
		}
		if v == nil { // what is taken away falls back to what it is without anybody's word
			v = eventDefaults()[name]
		}
		props[name] = v
	}
	return props, ext, settleProps(props, body)
}

// settleProps brings what was sent to the form that the service gives it.
func settleProps(props, body object) *refusal {
	if _, sent := body["attendees"]; sent {
		a, r := settleAttendees(list(props, "attendees"))
		if r != nil {
			return r
		}
		props["attendees"] = a
	}
	if _, sent := body["body"]; sent {
		props["body"] = object{"contentType": orText(text(sub(props, "body")["contentType"]), "text"), "content": text(sub(props, "body")["content"])}
	}
	location, one := body["location"]
	_, many := body["locations"]
	switch {
	case one && !many:
		props["locations"] = []any{}
		if location != nil && text(location.(object)["displayName"]) != "" {
			props["locations"] = []any{location}
		}
	case many && !one:
		props["location"] = joinLocations(list(props, "locations"))
	}
	return nil
}

// joinLocations is the one location that stands for several.
func joinLocations(all []any) object {
	var names []string
	for _, l := range all {
		names = append(names, text(l.(object)["displayName"]))
	}
	return object{"displayName": strings.Join(names, "; "), "locationType": "default"}
}

func settleAttendees(all []any) ([]any, *refusal) {
	if len(all) > 500 {
		return nil, refuse(http.StatusBadRequest, "ErrorInvalidRecipients", "The number of attendees exceeds the maximum of 500.")
	}
	out := make([]any, len(all))
	for i, v := range all {
		a := clone(v.(object))
		address := text(sub(a, "emailAddress")["address"])
		if !strings.Contains(address, "@") {
			return nil, refuse(http.StatusBadRequest, "ErrorInvalidRecipients", "At least one recipient is not valid.")
		}
		if sub(a, "emailAddress")["name"] == nil {
			sub(a, "emailAddress")["name"] = address
		}
		a["type"] = orText(text(a["type"]), "required")
		a["status"] = object{"response": "none", "time": "0001-01-01T00:00:00Z"} // an organiser cannot answer for others
		out[i] = a
	}
	return out, nil
}

// change is a time with what a body says of it. isAllDay is what holds afterwards.
func (w when) change(body object, allDay bool) (when, *refusal) {
	w.allDay = allDay
	for name, set := range map[string]func(wall, zone){
		"start": func(at wall, z zone) { w.start, w.zone = at, z },
		"end":   func(at wall, z zone) { w.end, w.endZone = at, z },
	} {
		o, sent := body[name]
		if !sent {
			continue
		}
		if o == nil {
			return w, invalidProperty("At least one property failed validation.")
		}
		at, z, r := parseDateTime(o.(object))
		if r != nil {
			return w, r
		}
		set(at, z)
	}
	switch {
	case w.endZone.loc == nil || w.to().Before(w.from()):
		return w, invalidProperty("At least one property failed validation.")
	case allDay && (w.start.clock() != 0 || w.end.clock() != 0 || w.start == w.end || w.zone.name != w.endZone.name):
		return w, invalidProperty("The Event.Start and Event.End properties for an all-day event need to be set to midnight in the same time zone.")
	}
	return w, nil
}

// follow expresses w in the time zone of its recurrence; "" is the one it has.
func (w *when) follow(name string) *refusal {
	if name == "" {
		name = w.zone.name
	}
	z, ok := parseZone(name)
	if !ok {
		return refuse(http.StatusBadRequest, "TimeZoneNotSupportedException", "A valid TimeZone value must be specified. The following TimeZone value is not supported: '%s'.", name)
	}
	if !w.allDay {
		w.start, w.end = wallOf(w.from().In(z.loc)), wallOf(w.to().In(z.loc))
	}
	w.zone, w.endZone = z, z
	return nil
}

// settle puts a series' first occurrence on the first day of its recurrence.
func (r *rule) settle(w *when) *refusal {
	if w.start.day() != r.from {
		return invalidProperty("recurrence.range.startDate must be the date of start.")
	}
	w.follow("") // the end may have come in another zone
	first, last, gap := 0, 0, horizon
	n := 0
	for day := range r.each {
		if n == 0 {
			first = day
		} else {
			gap = min(gap, day-last)
		}
		if last = day; n == 60 { // enough for the smallest gap of every pattern
			break
		}
		n++
	}
	if n == 0 {
		return refuse(http.StatusBadRequest, "ErrorRecurrenceHasNoOccurrence", "The recurrence pattern has no occurrences in its range.")
	}
	if int(w.end-w.start) > gap*daySeconds {
		return refuse(http.StatusBadRequest, "ErrorOccurrenceTimeSpanTooBig", "The occurrences would overlap.")
	}
	by := onDay(first - r.from)
	w.start, w.end, r.from = w.start+by, w.end+by, first
	return nil
}

// patchEvent changes a single event, a series, or one occurrence.
func (s *Sim) patchEvent(req *request, it *item, day int) (answer, *refusal) {
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	body, r := s.model.body("event", o)
	if r != nil {
		return answer{}, r
	}
	if r := s.match(req, it, day); r != nil {
		return answer{}, r
	}
	if r := s.changeEvent(it, day, body); r != nil {
		return answer{}, r
	}
	return s.show(req, "event", it, day, http.StatusOK)
}

// changeEvent does a checked change, with all that follows from it.
func (s *Sim) changeEvent(it *item, day int, body object) *refusal {
	if _, sent := body["attachments"]; sent {
		return badBody("The navigation property 'attachments' cannot be updated here.")
	}
	if txn, sent := body["transactionId"]; sent && text(txn) != text(it.props["transactionId"]) {
		return invalidProperty("transactionId cannot be changed.")
	}
	before := it.attendees(day)
	var r *refusal
	if day == noDay {
		r = it.apply(body)
	} else {
		r = it.except(day, body, s.opt.Now())
	}
	if r != nil {
		return r
	}
	it.box.bump(it, day, s.opt.Now())
	if ex := it.changed[day]; ex != nil {
		ex.key = it.key
	}
	s.mailChange(it, day, before, body)
	s.changed(it.box, it.in, it, day, "updated")
	return nil
}

// deleteEvent takes away an event, a series, or one occurrence.
func (s *Sim) deleteEvent(it *item, day int) {
	s.mailAbout(it, "cancellation", it.attendees(day))
	if day == noDay {
		in := it.in
		s.changed(it.box, in, it, day, "deleted")
		it.box.remove(it)
		return
	}
	delete(it.changed, day)
	it.cancelled[day] = true
	it.box.bump(it, day, s.opt.Now())
	s.changed(it.box, it.in, it, day, "deleted")
}

// attendees are the addresses invited to an event, or to one occurrence of it.
func (it *item) attendees(day int) []string {
	if ex := it.changed[day]; ex != nil && ex.props["attendees"] != nil {
		return addresses(ex.props)
	}
	return addresses(it.props)
}

func addresses(props object) []string {
	var out []string
	for _, a := range list(props, "attendees") {
		out = append(out, text(sub(a.(object), "emailAddress")["address"]))
	}
	return out
}

// match checks If-Match (RFC 9110 13.1.1) against the version of what is to be changed.
func (s *Sim) match(req *request, it *item, day int) *refusal {
	wanted := req.header.Get("If-Match")
	if wanted == "" || wanted == "*" {
		return nil
	}
	now := etag(s.changeKey(it.box.no, it.version(day)))
	if !slices.ContainsFunc(strings.Split(wanted, ","), func(tag string) bool { return strings.TrimSpace(tag) == now }) {
		return changedMeanwhile()
	}
	return nil
}

// version is the number of the last change of an item or of one of its occurrences.
func (it *item) version(day int) uint64 {
	if ex := it.changed[day]; ex != nil {
		return ex.key
	}
	return it.key
}

// orText is s, or def when s is empty.
func orText(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
