package dav

import (
	"net/url"
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/pim/ics"
	"crmbridge/pim/line"
)

// checkCalendar looks at what RFC 7986 5 lets a VCALENDAR say of itself: values that programs act upon, such as an address
// to fetch or how often, have to mean something. Texts (NAME, DESCRIPTION, CATEGORIES, IMAGE) may say anything.
func checkCalendar(o *ics.Object) *failure {
	seen := map[string]bool{}
	for _, l := range o.Calendar().All("") {
		switch l.Name {
		case "COLOR", "SOURCE", "REFRESH-INTERVAL", "URL", "LAST-MODIFIED":
			if seen[l.Name] {
				return badCalendar(l.Name + " stands there twice.")
			}
			seen[l.Name] = true
		}
		if fault := calendarFault(l); fault != "" {
			return badCalendar(fault)
		}
	}
	return nil
}

func badCalendar(message string) *failure { return forbidden(davxml.C("valid-calendar-data"), message) }

// calendarFault is what is wrong with a line, "" for nothing.
func calendarFault(l *line.Line) string {
	value := strings.TrimSpace(l.Value)
	switch l.Name {
	case "REFRESH-INTERVAL":
		// RFC 7986 5.7: a positive duration.
		if d, ok := ics.Duration(value); !ok || d <= 0 {
			return "REFRESH-INTERVAL is no length of time."
		}
	case "SOURCE", "URL":
		// RFC 7986 5.8, RFC 5545 3.3.13
		if u, err := url.Parse(value); err != nil || u.Scheme == "" || strings.ContainsAny(value, " \t") {
			return l.Name + " is no address."
		}
	}
	return ""
}
