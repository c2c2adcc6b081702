package dav

import (
	"net/http"
	"strings"
)

// method is one row of the method table.
type method struct {
	on    place // where it works; elsewhere 405
	write bool  // refused to a caller who may only read
	run   func(*request) error
}

// methodOrder is the order of Allow.
var methodOrder = []string{
	"OPTIONS", "GET", "HEAD", "PUT", "POST", "DELETE", "COPY", "MOVE", "PROPFIND", "PROPPATCH", "REPORT", "MKCOL", "MKCALENDAR",
}

// methodTable is the one place where a method is bound to its function.
func methodTable() map[string]method {
	return map[string]method{
		"OPTIONS":   {on: everywhere, run: (*request).options},
		"GET":       {on: atObject, run: (*request).get},
		"HEAD":      {on: atObject, run: (*request).get},
		"PUT":       {on: atObject, write: true, run: (*request).put},
		"POST":      {on: atCollection, write: true, run: (*request).post},
		"DELETE":    {on: atObject | atCollection, write: true, run: (*request).delete},
		"COPY":      {on: atObject | atCollection, write: true, run: (*request).copy},
		"MOVE":      {on: atObject | atCollection, write: true, run: (*request).move},
		"PROPFIND":  {on: everywhere, run: (*request).propfind},
		"PROPPATCH": {on: everywhere, write: true, run: (*request).proppatch},
		"REPORT":    {on: everywhere, run: (*request).report},
		// On an object's place they are refused with the reason.
		"MKCOL":      {on: atObject | atCollection, write: true, run: (*request).mkcol},
		"MKCALENDAR": {on: atObject | atCollection, write: true, run: (*request).mkcalendar},
	}
}

// allow lists the methods that work at p.
func (h *Handler) allow(p place) string {
	var names []string
	for _, name := range methodOrder {
		if h.methods[name].on&p != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// davHeader names what is done (RFC 4918 18, RFC 4791 5.1, RFC 7809 3.1.1, RFC 6352 6.1, RFC 5689 3.1): no class 2, as there are no
// locks, and no scheduling.
const davHeader = "1, 3, access-control, calendar-access, calendar-no-timezone, addressbook, extended-mkcol, calendar-proxy, " +
	"calendarserver-principal-property-search"

// options answers without login, as evolution-data-server asks so; it says nothing that depends on what exists.
func (q *request) options() error {
	allow := q.h.allow(everywhere)
	if path, err := decodePath(q.r); err == nil {
		if at, ok := parsePath(path); ok {
			allow = q.h.allow(at.at)
		}
	}
	q.w.Header().Set("Allow", allow)
	q.w.Header().Set("Content-Length", "0")
	q.w.WriteHeader(http.StatusOK)
	return nil
}
