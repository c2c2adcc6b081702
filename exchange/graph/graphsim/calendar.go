package graphsim

import (
	"net/http"
)

// serveCalendars answers calendar, calendars, calendarView and events.
func (s *Sim) serveCalendars(req *request, b *mailbox, path []string) (answer, *refusal) {
	switch at(path, 0) {
	case "calendar":
		return s.serveCalendar(req, b.defs[kindEvent], path[1:])
	case "calendarview":
		return s.serveView(req, b.defs[kindEvent], path[1:])
	case "events":
		return s.serveEvents(req, b, nil, path[1:])
	}
	if len(path) > 1 {
		f, r := s.folder(b, kindEvent, path[1])
		if r != nil {
			return answer{}, r
		}
		return s.serveCalendar(req, f, path[2:])
	}
	switch req.method {
	case http.MethodGet:
		var rows []row
		for _, f := range b.list(kindEvent) {
			rows = append(rows, row{func(v *view) object { return s.calendar(f, v) }, f.ext})
		}
		return s.page(req, "calendar", "users('"+b.id+"')/calendars", rows)
	case http.MethodPost:
		return s.createFolder(req, b, kindEvent, nil)
	}
	return answer{}, noMethod()
}

func (s *Sim) serveCalendar(req *request, f *folder, path []string) (answer, *refusal) {
	switch at(path, 0) {
	case "":
		return s.serveFolder(req, f)
	case "events":
		return s.serveEvents(req, f.box, f, path[1:])
	case "calendarview":
		return s.serveView(req, f, path[1:])
	}
	return answer{}, noSegment(path[0])
}

// calendar shows a calendar.
func (s *Sim) calendar(f *folder, v *view) object {
	u := f.box.user
	o := overlay(object{"id": s.folderID(f), "changeKey": s.changeKey(f.box.no, f.key), "canEdit": true, "canShare": true,
		"canViewPrivateItems": true, "hexColor": "", "isDefaultCalendar": f == f.box.defs[kindEvent], "isRemovable": f != f.box.defs[kindEvent],
		"isTallyingResponses": f == f.box.defs[kindEvent], "owner": object{"name": u.FullName, "address": u.Name},
		"allowedOnlineMeetingProviders": []any{"teamsForBusiness"}, "defaultOnlineMeetingProvider": "teamsForBusiness"}, f.props)
	o = v.cut(o, nil)
	v.addExtended(o, f.ext)
	return o
}

// serveEvents answers a collection of events. Without a calendar in the path the list is the default calendar's, and an id
// may be of any.
func (s *Sim) serveEvents(req *request, b *mailbox, f *folder, path []string) (answer, *refusal) {
	if len(path) == 0 {
		in := f
		if in == nil {
			in = b.defs[kindEvent]
		}
		switch req.method {
		case http.MethodGet:
			return s.page(req, "event", "users('"+b.id+"')/events", s.rows(req, in.items))
		case http.MethodPost:
			return s.createEvent(req, in)
		}
		return answer{}, noMethod()
	}
	if at(path, 0) == "delta" {
		return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidUrlQuery", "Change tracking is not supported against 'microsoft.graph.event'.")
	}
	it, day, r := s.find(req, b, f, kindEvent, path[0])
	if r != nil {
		return answer{}, r
	}
	return s.serveEvent(req, it, day, path[1:])
}

// rows are items as a list.
func (s *Sim) rows(req *request, items []*item) []row {
	rows := make([]row, len(items))
	for i, it := range items {
		rows[i] = row{func(v *view) object { return s.render(req, it, noDay, v) }, it.ext}
	}
	return rows
}

func (s *Sim) serveEvent(req *request, it *item, day int, path []string) (answer, *refusal) {
	switch at(path, 0) {
	case "":
	case "instances":
		return s.serveInstances(req, it, day)
	case "calendar":
		return s.serveFolder(req, it.in)
	case "attachments":
		return s.serveAttachments(req, it, day, path[1:])
	case "cancel", "accept", "tentativelyaccept", "decline", "dismissreminder":
		return s.eventAction(req, it, day, at(path, 0))
	default:
		return answer{}, noSegment(path[0])
	}
	switch req.method {
	case http.MethodGet:
		return s.show(req, "event", it, day, http.StatusOK)
	case http.MethodPatch:
		return s.patchEvent(req, it, day)
	case http.MethodDelete:
		if r := s.match(req, it, day); r != nil {
			return answer{}, r
		}
		s.deleteEvent(it, day)
		return noContent(), nil
	}
	return answer{}, noMethod()
}

// eventAction answers the actions of meetings: 202 without a body.
func (s *Sim) eventAction(req *request, it *item, day int, action string) (answer, *refusal) {
	if req.method != http.MethodPost {
		return answer{}, noMethod()
	}
	o := object{}
	if len(req.body) > 0 {
		var r *refusal
		if o, r = req.object(); r != nil {
			return answer{}, r
		}
	}
	switch {
	case action == "dismissreminder":
		return answer{status: http.StatusOK}, nil
	case action == "cancel":
		if it.organizer != nil || len(it.attendees(day)) == 0 {
			return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidRequest", "Your request can't be completed. You need to be an organizer to cancel a meeting.")
		}
		s.deleteEvent(it, day)
	case it.organizer == nil:
		return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidRequest", "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.")
	default:
		it.answer = map[string]string{"accept": "accepted", "tentativelyaccept": "tentativelyAccepted", "decline": "declined"}[action]
		if send, sent := o["sendResponse"]; !sent || send == true {
			s.mail(it, it.answer, text(sub(it.organizer, "emailAddress")["address"]))
		}
		it.box.bump(it, noDay, s.opt.Now())
		if action == "decline" {
			s.changed(it.box, it.in, it, noDay, "deleted")
			it.box.remove(it)
		} else {
			s.changed(it.box, it.in, it, noDay, "updated")
		}
	}
	return answer{status: http.StatusAccepted}, nil
}

// serveInstances answers the occurrences of a series in a window.
func (s *Sim) serveInstances(req *request, it *item, day int) (answer, *refusal) {
	from, to, r := span(req)
	if r != nil {
		return answer{}, r
	}
	if day != noDay || it.rule == nil {
		return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidRequest", "Your request can't be completed. Only a series master has instances.")
	}
	return s.page(req, "event", "users('"+it.box.id+"')/events('"+s.itemID(it, noDay, req.prefer.immutable)+"')/instances",
		s.occurrenceRows(req, it.within(from, to)))
}

func (s *Sim) occurrenceRows(req *request, all []occurrence) []row {
	rows := make([]row, len(all))
	for i, o := range all {
		ext := o.it.ext
		if o.ex != nil {
			ext = o.ex.ext
		}
		rows[i] = row{func(v *view) object { return s.event(req, o, v) }, ext}
	}
	return rows
}

// serveView answers what is in a calendar in a window: single events and occurrences, no masters.
func (s *Sim) serveView(req *request, f *folder, path []string) (answer, *refusal) {
	if req.method != http.MethodGet {
		return answer{}, noMethod()
	}
	if at(path, 0) == "delta" {
		return s.viewDelta(req, f)
	}
	from, to, r := span(req)
	if r != nil {
		return answer{}, r
	}
	var all []occurrence
	for _, it := range f.items {
		all = append(all, it.within(from, to)...)
	}
	return s.page(req, "event", "users('"+f.box.id+"')/calendarView", s.occurrenceRows(req, all))
}
