package main

import (
	"fmt"
	"net/http"
	"strings"
)

// visitor reports whether a person opened the server's address in a browser. Programs
// for calendars do not ask for HTML there, and get the answer of DAV.
func visitor(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && (r.URL.Path == "/" || r.URL.Path == "") &&
		strings.Contains(r.Header.Get("Accept"), "text/html") && r.Header.Get("Depth") == ""
}

// landing tells a visitor what this is. It is plain text: nothing under a DAV server's
// address is ever a page that a client could take for a login form.
func (a *app) landing(w http.ResponseWriter, r *http.Request) {
	base := a.cfg.PublicURL
	if base == "" {
		base = a.scheme() + "://" + harmless(r.Host, "")
	}
	w.Header().Set("Vary", "Accept")
	answer(w, http.StatusOK, fmt.Sprintf(`This is a server for calendars, tasks and contacts (CalDAV and CardDAV).
There is nothing to see in a browser: it is for the calendar and the address book of
your computer or phone.

  Address    %s/
  User       your account here
  Password   your account's, or better an app password for each device

Thunderbird        New Calendar, On the Network: user and address, Find Calendars
iPhone, iPad       Settings, Apps, Calendar, Calendar Accounts, Add Account, Other
Mac                System Settings, Internet Accounts, Add Other Account, CalDAV
Android            DAVx5: Add account, Login with URL and user name
Evolution, GNOME   New, Collection Account
Outlook            CalDav Synchronizer: Synchronization Profiles, Add

Whoever runs this server gives out accounts and app passwords.`, base))
}
