package dav

import (
	"net/http"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// refusal says what an answer that is no success means. write tells whether something was to be changed. Servers name the
// condition that was not met (RFC 4918 16); it says more than the status.
func refusal(op string, resp *upstream.Response, write bool) error {
	e := upstream.Fault(op, resp)
	if c, ok := conditions()[condition(resp)]; ok {
		e.Kind, e.Public = c.kind, c.public
		return e
	}
	switch resp.Status {
	case http.StatusUnauthorized:
		e.Public = "the server does not accept user name and password"
		if other := otherLogin(resp); other != "" {
			e.Public = "the server wants a login of another kind (" + other + "); let it take Basic, which is safe over TLS"
		}
	case http.StatusForbidden:
		e.Public = "the server does not allow this to the connected user"
	case http.StatusNotFound, http.StatusGone:
		e.Public = "the server has nothing at this address (any more)"
	case http.StatusBadRequest:
		e.Kind, e.Public = pim.ErrProtocol, "the server did not understand the request"
		if write {
			e.Kind, e.Public = pim.ErrRefused, "the server refused the item"
		}
	case http.StatusConflict, http.StatusUnprocessableEntity:
		e.Kind, e.Public = pim.ErrRefused, "the server refused the item, or its collection is gone"
	case http.StatusUnsupportedMediaType:
		e.Kind, e.Public = pim.ErrUnsupported, "the server does not keep items of this kind"
	case http.StatusPreconditionFailed:
		e.Public = "the item was changed on the server meanwhile"
	case http.StatusLocked:
		e.Kind, e.Public = pim.ErrUnavailable, "the item is locked on the server"
	case http.StatusInsufficientStorage:
		e.Kind, e.Public = pim.ErrRefused, "the server has no room left for this user"
	}
	if resp.OK() && resp.HTML() {
		e.Public = "the server answered with a web page instead of data"
	}
	return e
}

// otherLogin names the ways to log in that a server takes when Basic is none of them; "" when it is, or the server does not say.
func otherLogin(resp *upstream.Response) string {
	var out []string
	for _, v := range resp.Header.Values("WWW-Authenticate") {
		scheme, _, _ := strings.Cut(strings.TrimSpace(v), " ")
		if strings.EqualFold(scheme, "Basic") || strings.Contains(strings.ToLower(v), "basic realm") {
			return ""
		}
		if scheme != "" && !slices.Contains(out, scheme) && !strings.ContainsFunc(scheme, func(r rune) bool { return r <= ' ' || r > '~' }) {
			out = append(out, scheme)
		}
	}
	return strings.Join(out, ", ")
}

type meaning struct {
	kind   pim.Reason
	public string
}

// conditions are the preconditions and postconditions that servers name, with what they mean (RFC 3744, 4331, 4791, 6352, 6578, 6638).
func conditions() map[string]meaning {
	return map[string]meaning{
		"need-privileges":                            {pim.ErrForbidden, "the connected user lacks the right to do this on the server"},
		"no-uid-conflict":                            {pim.ErrExists, "the server has an item with this UID already"},
		"valid-sync-token":                           {pim.ErrCursorGone, "the server forgot what was read last"},
		"number-of-matches-within-limits":            {pim.ErrTooLarge, "the server lists no collection that has so many items"},
		"max-resource-size":                          {pim.ErrTooLarge, "the item is larger than the server takes"},
		"max-instances":                              {pim.ErrRefused, "the series has more occurrences than the server takes"},
		"max-attendees-per-instance":                 {pim.ErrRefused, "more people take part than the server takes"},
		"max-date-time":                              {pim.ErrRefused, "the item is later than the server takes"},
		"min-date-time":                              {pim.ErrRefused, "the item is earlier than the server takes"},
		"quota-not-exceeded":                         {pim.ErrRefused, "the server has no room left for this user"},
		"sufficient-disk-space":                      {pim.ErrRefused, "the server has no room left"},
		"supported-calendar-component":               {pim.ErrUnsupported, "this calendar does not take items of this kind"},
		"supported-calendar-data":                    {pim.ErrUnsupported, "the server does not keep calendar items in this form"},
		"supported-address-data":                     {pim.ErrUnsupported, "the server does not keep cards in this form"},
		"valid-calendar-data":                        {pim.ErrRefused, "the server finds the calendar item not valid"},
		"valid-calendar-object-resource":             {pim.ErrRefused, "the server finds the calendar item not valid"},
		"valid-address-data":                         {pim.ErrRefused, "the server finds the card not valid"},
		"allowed-organizer-scheduling-object-change": {pim.ErrRefused, "the server does not let the organiser change this"},
		"allowed-attendee-scheduling-object-change":  {pim.ErrRefused, "the server lets only the organiser change this"},
		"unique-scheduling-object-resource":          {pim.ErrExists, "the server has this meeting already, in another calendar"},
		"same-organizer-in-all-components":           {pim.ErrRefused, "the server wants one organiser for the whole series"},
	}
}

// condition is the first known one that an error body names; "" for none.
func condition(resp *upstream.Response) string {
	if resp.OK() || len(resp.Body) == 0 || resp.HTML() || len(resp.Body) > 64<<10 {
		return ""
	}
	root, err := readXML(resp.Body)
	if err != nil || root.name.Local != "error" {
		return ""
	}
	known := conditions()
	for _, k := range root.kids {
		if _, ok := known[k.name.Local]; ok {
			return k.name.Local
		}
	}
	// SabreDAV and what is built on it tell a taken UID in words only.
	for _, k := range root.kids {
		if k.name.Local == "message" && strings.Contains(strings.ToLower(k.text), "uid already exists") {
			return "no-uid-conflict"
		}
	}
	return ""
}

func missing(op string) error {
	return pim.Errorf(op, pim.ErrNotFound, "there is no such item on the server (any more)")
}

func conflict(op string) error {
	return pim.Errorf(op, pim.ErrConflict, "the item was changed on the server meanwhile")
}
