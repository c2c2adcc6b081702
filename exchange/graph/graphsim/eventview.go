package graphsim

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// event shows an event, or an occurrence of one, as a reader wants it.
func (s *Sim) event(req *request, o occurrence, v *view) object {
	it := o.it
	props, ext, modified := it.props, it.ext, it.modified
	if o.ex != nil {
		props, modified = overlay(props, o.ex.props), o.ex.modified
		ext = o.ex.ext
	}
	out := overlay(props, nil)
	key := s.changeKey(it.box.no, it.version(o.day))
	id := s.itemID(it, o.day, req.prefer.immutable)
	out["@odata.etag"], out["changeKey"], out["id"] = etag(key), key, id
	out["createdDateTime"], out["lastModifiedDateTime"] = stamp(it.created), stamp(modified)
	out["start"], out["end"] = req.times(o.at)
	out["originalStartTimeZone"], out["originalEndTimeZone"] = o.at.zone.name, o.at.endZone.name
	out["iCalUId"] = s.iCalUID(it, o.day)
	out["body"] = req.bodyOf(sub(props, "body"))
	out["bodyPreview"] = preview(sub(props, "body"))
	out["hasAttachments"], out["isCancelled"], out["isDraft"] = shown(*it.filesOf(o.day)), false, false
	out["isOrganizer"] = it.organizer == nil
	out["organizer"] = it.organiser()
	out["responseStatus"] = object{"response": it.response(), "time": "0001-01-01T00:00:00Z"}
	out["onlineMeeting"], out["onlineMeetingUrl"] = nil, nil
	out["webLink"] = "https://outlook.office365.com/owa/?itemid=" + strings.ReplaceAll(id, "=", "%3D") + "&exvsurl=1&path=/calendar/item"
	out["type"], out["seriesMasterId"], out["recurrence"] = "singleInstance", nil, nil
	out["location"], out["locations"] = placed(sub(props, "location")), places(list(props, "locations"))
	if out["transactionId"] == nil {
		out["transactionId"] = nil
	}
	more := object{"originalStart": nil, "cancelledOccurrences": []any{}}
	s.seriesView(req, o, v, out, more)
	out = v.cut(out, more)
	v.addExtended(out, ext)
	if v.expand["attachments"] {
		out["attachments"] = s.attachmentList(req, it, o.day, v.files)
	}
	if v.expand["extensions"] {
		out["extensions"] = []any{}
	}
	return out
}

// seriesView adds what events have that are series or of one.
func (s *Sim) seriesView(req *request, o occurrence, v *view, out, more object) {
	it := o.it
	master := ""
	if it.rule != nil {
		master = s.itemID(it, noDay, req.prefer.immutable)
	}
	switch {
	case o.day != noDay:
		out["type"], out["seriesMasterId"] = "occurrence", master
		if o.ex != nil {
			out["type"] = "exception"
		}
		out["occurrenceId"] = occurrenceID(master, o.day)
		more["originalStart"] = stamp(original(it, o.day))
	case it.rule != nil:
		out["type"], out["recurrence"] = "seriesMaster", it.rule.object(it.when.zone)
		more["cancelledOccurrences"] = cancelledIDs(it, master)
		if v.expand["exceptionOccurrences"] && v.names["exceptionOccurrences"] {
			plain := &view{all: v.all, names: v.names, expand: map[string]bool{}, ext: v.ext}
			list := []any{}
			for _, day := range sortedDays(it.changed) {
				list = append(list, s.event(req, it.on(day), plain))
			}
			more["exceptionOccurrences"] = list
		}
	}
}

// occurrenceID is the name of an occurrence that does not need the occurrence to be there.
func occurrenceID(master string, day int) string { return "OID." + master + "." + date(day) }

func cancelledIDs(it *item, master string) []any {
	out := []any{}
	for _, day := range sortedDays(it.cancelled) {
		out = append(out, occurrenceID(master, day))
	}
	return out
}

func sortedDays[V any](m map[int]V) []int {
	days := make([]int, 0, len(m))
	for day := range m {
		days = append(days, day)
	}
	slices.Sort(days)
	return days
}

// original is when an occurrence would begin if nobody had moved it.
func original(it *item, day int) time.Time {
	return (it.when.start + onDay(day-it.when.start.day())).instant(it.when.zone.loc)
}

// times are start and end as a reader wants them. Whole days float: they begin at midnight wherever the reader is.
func (req *request) times(w when) (start, end object) {
	z := utc()
	if req.prefer.zone != nil {
		z = *req.prefer.zone
	}
	if w.allDay {
		return object{"dateTime": w.start.String(), "timeZone": z.name}, object{"dateTime": w.end.String(), "timeZone": z.name}
	}
	return inZone(w.from(), z), inZone(w.to(), z)
}

func (req *request) bodyOf(b object) object {
	if req.prefer.text {
		return object{"contentType": "text", "content": asText(b)}
	}
	return object{"contentType": "html", "content": asHTML(b)}
}

// iCalUID is the binary GlobalObjectId of MS-OXOCAL 2.2.1.27 in hex: it has the day of an occurrence in it.
func (s *Sim) iCalUID(it *item, day int) string {
	b := []byte{0x04, 0, 0, 0, 0x82, 0, 0xE0, 0, 0x74, 0xC5, 0xB7, 0x10, 0x1A, 0x82, 0xE0, 0x08}
	if day == noDay {
		b = append(b, 0, 0, 0, 0)
	} else {
		t := time.Unix(int64(day)*daySeconds, 0).UTC()
		b = append(binary.BigEndian.AppendUint16(b, uint16(t.Year())), byte(t.Month()), byte(t.Day()))
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(it.created.Unix()+11644473600)*10_000_000)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0)
	b = append(b, s.seal(fmt.Appendf(nil, "uid %d %d", it.box.no, it.no))[:16]...)
	return fmt.Sprintf("%X", b)
}

func (it *item) organiser() object {
	if it.organizer != nil {
		return clone(it.organizer)
	}
	return object{"emailAddress": object{"name": it.box.user.FullName, "address": it.box.user.Name}}
}

func (it *item) response() string {
	if it.organizer == nil {
		return "organizer"
	}
	return orText(it.answer, "notResponded")
}

// placed is a location with what the service adds to each.
func placed(l object) object {
	out := overlay(object{"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": object{}, "coordinates": object{}}, l)
	if name := text(out["displayName"]); name != "" && l["uniqueId"] == nil {
		out["uniqueId"], out["uniqueIdType"] = name, "private"
	}
	return out
}

func places(all []any) []any {
	out := make([]any, len(all))
	for i, l := range all {
		out[i] = placed(l.(object))
	}
	return out
}

// object shows a rule as a patternedRecurrence, with all the zeros that the service sends.
func (r *rule) object(z zone) object {
	days := []any{}
	for d := range 7 {
		if r.days[d] {
			days = append(days, strings.ToLower(time.Weekday(d).String()))
		}
	}
	p := object{"type": r.kind, "interval": r.interval, "month": r.month, "dayOfMonth": r.day,
		"firstDayOfWeek": strings.ToLower(r.first.String()), "index": weekIndexes()[r.index]}
	if len(days) > 0 {
		p["daysOfWeek"] = days
	}
	g := object{"type": r.end, "startDate": date(r.from), "endDate": "0001-01-01", "recurrenceTimeZone": z.name, "numberOfOccurrences": 0}
	switch r.end {
	case "endDate":
		g["endDate"] = date(r.until)
	case "numbered":
		g["numberOfOccurrences"] = r.count
	}
	return object{"pattern": p, "range": g}
}

// show answers with one resource.
func (s *Sim) show(req *request, typ string, it *item, day, status int) (answer, *refusal) {
	v, r := s.view(req, typ)
	if r != nil {
		return answer{}, r
	}
	o := s.render(req, it, day, v)
	set := map[string]string{"event": "events", "contact": "contacts", "message": "messages", "todoTask": "todo/lists"}[typ]
	o["@odata.context"] = req.context("users('" + it.box.id + "')/" + set + "/$entity")
	a := ok(o)
	a.status = status
	if status == http.StatusCreated {
		a.header = map[string]string{"Location": req.host + "/v1.0/users/" + it.box.id + "/" + set + "/" + text(o["id"])}
	}
	return a, nil
}

// render shows an item of any kind.
func (s *Sim) render(req *request, it *item, day int, v *view) object {
	switch it.kind {
	case kindEvent:
		if day == noDay {
			return s.event(req, it.single(), v)
		}
		return s.event(req, it.on(day), v)
	case kindContact:
		return s.contact(req, it, v)
	case kindMessage:
		return s.message(req, it, v)
	}
	return s.task(req, it, v)
}
