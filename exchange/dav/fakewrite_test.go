package dav_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

func (f *fake) get(w http.ResponseWriter, r *http.Request) {
	o := f.objects[r.URL.Path]
	if o == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	tag := o.tag
	if f.weak {
		tag = "W/" + tag
	}
	w.Header().Set("Content-Type", "text/calendar")
	w.Header().Set("ETag", tag)
	_, _ = io.WriteString(w, o.text)
}

func (f *fake) putRequest(w http.ResponseWriter, r *http.Request, text string) {
	path, old := r.URL.Path, f.objects[r.URL.Path]
	if !f.condition(w, r, old) {
		return
	}
	uid := lineOf(text, "UID")
	for p, o := range f.objects {
		if p != path && uid != "" && lineOf(o.text, "UID") == uid {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `<error xmlns="DAV:"><no-uid-conflict xmlns="urn:ietf:params:xml:ns:caldav"><href xmlns="DAV:">`+p+`</href></no-uid-conflict></error>`)
			return
		}
	}
	if f.renames && old == nil {
		i := strings.LastIndexByte(path, '/')
		path = path[:i+1] + fmt.Sprintf("server%d", f.version) + path[strings.LastIndexByte(path, '.'):]
	}
	was := ""
	if old != nil {
		was = old.text
	}
	f.schedule(was, text)
	f.store(path, text)
	if !f.noTag {
		w.Header().Set("ETag", f.objects[path].tag)
	}
	w.WriteHeader(http.StatusCreated)
}

// condition checks the conditions of a write, and that there is one.
func (f *fake) condition(w http.ResponseWriter, r *http.Request, old *kept) bool {
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	switch {
	case match == "" && none == "" && r.Method == http.MethodPut:
		w.WriteHeader(http.StatusPreconditionRequired)
	case f.readOnly:
		w.WriteHeader(http.StatusForbidden)
	case none == "*" && old != nil, match != "" && (old == nil || match != old.tag):
		w.WriteHeader(http.StatusPreconditionFailed)
	default:
		return true
	}
	return false
}

func (f *fake) remove(w http.ResponseWriter, r *http.Request) {
	old := f.objects[r.URL.Path]
	if old == nil && r.Header.Get("If-Match") == "" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if !f.condition(w, r, old) {
		return
	}
	if f.mine != "" {
		switch organizer := personIn(lineWhole(old.text, "ORGANIZER")); {
		case organizer == f.mine:
			f.mail("cancel", byServerIn(old.text))
		case organizer != "" && r.Header.Get("Schedule-Reply") != "F":
			f.mails = append(f.mails, "reply "+organizer)
		}
	}
	f.store(r.URL.Path, "")
	w.WriteHeader(http.StatusNoContent)
}

// schedule sends what RFC 6638 3.2 has a server send.
func (f *fake) schedule(was, now string) {
	if f.mine == "" {
		return
	}
	organizer := personIn(lineWhole(now, "ORGANIZER"))
	switch {
	case organizer == f.mine:
		before, after := byServerIn(was), byServerIn(now)
		var out []string
		for _, who := range before {
			if !slices.Contains(after, who) {
				out = append(out, who)
			}
		}
		f.mail("cancel", out)
		verb := "invite"
		if was != "" {
			verb = "update"
		}
		f.mail(verb, after)
	case organizer != "" && !strings.Contains(lineWhole(now, "ORGANIZER"), "SCHEDULE-AGENT=CLIENT") && answerIn(was, f.mine) != answerIn(now, f.mine):
		f.mails = append(f.mails, "reply "+organizer)
	}
}

func (f *fake) mail(verb string, to []string) {
	for _, who := range to {
		if who != f.mine {
			f.mails = append(f.mails, verb+" "+who)
		}
	}
}

func unfolded(text string) []string {
	return strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n ", ""), "\r\n", "\n"), "\n")
}

func lineWhole(text, name string) string {
	for _, l := range unfolded(text) {
		if strings.HasPrefix(l, name+":") || strings.HasPrefix(l, name+";") {
			return l
		}
	}
	return ""
}

func lineOf(text, name string) string {
	_, v, _ := strings.Cut(lineWhole(text, name), ":")
	return v
}

func personIn(l string) string {
	_, who, _ := strings.Cut(strings.ToLower(l), "mailto:")
	return who
}

// byServerIn are the attendees that the server schedules.
func byServerIn(text string) (out []string) {
	for _, l := range unfolded(text) {
		if strings.HasPrefix(l, "ATTENDEE") && !strings.Contains(l, "SCHEDULE-AGENT=CLIENT") && !strings.Contains(l, "SCHEDULE-AGENT=NONE") {
			out = append(out, personIn(l))
		}
	}
	return out
}

func answerIn(text, who string) string {
	for _, l := range unfolded(text) {
		if strings.HasPrefix(l, "ATTENDEE") && personIn(l) == who {
			_, rest, _ := strings.Cut(l, "PARTSTAT=")
			return strings.FieldsFunc(rest+":", func(r rune) bool { return r == ';' || r == ':' })[0]
		}
	}
	return ""
}
