package graphsim

import (
	"net/http"
	"slices"
	"strings"
)

// authenticate finds whose token a request carries.
func (s *Sim) authenticate(req *request) *refusal {
	token, found := strings.CutPrefix(req.header.Get("Authorization"), "Bearer ")
	s.grants.mu.Lock()
	g := s.grants.tokens[token]
	s.grants.mu.Unlock()
	var message string
	switch {
	case !found || token == "":
		message = "Access token is empty."
	case g == nil:
		message = "Invalid access token."
	case !s.opt.Now().Before(g.expires):
		message = "Lifetime validation failed, the token is expired."
	default:
		req.grant = g
		return nil
	}
	r := refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", "%s", message)
	r.header = map[string]string{"WWW-Authenticate": `Bearer realm="", authorization_uri="` + req.host + `/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`}
	return r
}

// area is a part of a mailbox with permissions of its own.
type area struct {
	read   []string // any of these lets read
	write  []string // any of these lets write
	scoped bool     // an application's scope of mailboxes counts
	people *area    // the permissions that people give, where their names are others
}

func calendarArea() area {
	return area{[]string{CalendarsRead, CalendarsReadWrite}, []string{CalendarsReadWrite}, true, nil}
}
func contactArea() area {
	return area{[]string{ContactsRead, ContactsReadWrite}, []string{ContactsReadWrite}, true, nil}
}
func settingsArea() area {
	return area{[]string{MailboxSettingsRead, MailboxSettingsWrite}, []string{MailboxSettingsWrite}, true, nil}
}

func mailArea() area {
	return area{[]string{MailRead, MailReadWrite}, []string{MailReadWrite}, true, nil}
}
func sendArea() area { return area{nil, []string{MailSend}, true, nil} }

// taskArea has no scope: access policies and RBAC for applications do not cover To Do.
func taskArea() area {
	return area{[]string{TasksReadAll, TasksReadWriteAll}, []string{TasksReadWriteAll}, false,
		&area{read: []string{TasksRead, TasksReadWrite}, write: []string{TasksReadWrite}}}
}

// mayUse says why an application may not do something in an area of a mailbox, nil when it may.
func (s *Sim) mayUse(g *grant, a area, b *mailbox, write bool) *refusal {
	if g.local {
		return nil
	}
	if g.user != "" {
		if !strings.EqualFold(g.user, b.user.Name) {
			return denied() // a person's token is for the own mailbox
		}
		if a.people != nil {
			a = *a.people
		}
		a.scoped = false
	}
	wanted := a.read
	if write {
		wanted = a.write
	}
	if !slices.ContainsFunc(wanted, func(p string) bool { return slices.Contains(g.may, p) }) {
		return denied()
	}
	s.grants.mu.Lock()
	app := s.grants.app(g.app)
	s.grants.mu.Unlock()
	if a.scoped && (app == nil || app.Mailboxes != nil && !slices.ContainsFunc(app.Mailboxes, func(name string) bool {
		return strings.EqualFold(name, b.user.Name)
	})) {
		return outOfScope()
	}
	if b.user.NoMailbox {
		return refuse(http.StatusNotFound, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")
	}
	return nil
}

// writes says whether a method changes something.
func writes(method string) bool { return method != http.MethodGet && method != http.MethodHead }
