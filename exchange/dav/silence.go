package dav

import (
	"strings"

	"crmbridge/pim/line"
)

// silenced is a text that a scheduling server mails nobody about: everybody in it is scheduled by the client (RFC 6638 7.1), so
// that the server sends neither invitations for the organiser nor replies to one. It is for new texts only: at a server that has
// invited somebody, taking the invitation over counts as taking it back (RFC 6638 3.2.1).
func silenced(text []byte) ([]byte, error) {
	t, comps, err := components(text)
	if err != nil {
		return nil, err
	}
	for _, c := range comps {
		for _, name := range []string{"ORGANIZER", "ATTENDEE"} {
			for _, l := range c.All(name) {
				if byServer(l) {
					c.Replace(l, l.WithParam(line.P("SCHEDULE-AGENT", "CLIENT")))
				}
			}
		}
	}
	return t.Bytes(), nil
}

// byServer reports a line whose person is scheduled by the server, which is what no parameter means.
func byServer(l *line.Line) bool {
	agent := l.Param("SCHEDULE-AGENT")
	return agent == "" || strings.EqualFold(agent, "SERVER")
}
