package admin

// who may have a page.
type who int

const (
	anybody who = iota
	person      // somebody who is signed in
	administrator
)

// route is a page: where it is, who may have it, and what it does.
type route struct {
	pattern string // of net/http's ServeMux
	who     who
	// fresh: whoever asks has to have proved lately who they are.
	fresh bool
	page  func(*call) (answer, error)
}

// routes are all pages.
func routes() []route {
	return []route{
		{pattern: "GET " + Prefix + "{$}", who: person, page: (*call).home},
		{pattern: "GET " + Prefix + "sign-in", who: anybody, page: (*call).signInForm},
		{pattern: "POST " + Prefix + "sign-in", who: anybody, page: (*call).signIn},
		{pattern: "POST " + Prefix + "sign-out", who: anybody, page: (*call).signOut},
		{pattern: "POST " + Prefix + "language", who: anybody, page: (*call).chooseLanguage},
		{pattern: "GET " + Prefix + "first/{secret}", who: anybody, page: (*call).firstForm},
		{pattern: "POST " + Prefix + "first/{secret}", who: anybody, page: (*call).first},
		{pattern: "GET " + Prefix + "confirm", who: person, page: (*call).confirmForm},
		{pattern: "POST " + Prefix + "confirm", who: person, page: (*call).confirm},

		{pattern: "GET " + Prefix + "me", who: person, page: (*call).me},
		{pattern: "POST " + Prefix + "me/devices", who: person, fresh: true, page: (*call).addMyDevice},
		{pattern: "POST " + Prefix + "me/devices/{id}/revoke", who: person, page: (*call).revokeMyDevice},
		{pattern: "POST " + Prefix + "me/password", who: person, page: (*call).changePassword},
		{pattern: "POST " + Prefix + "me/sessions/end", who: person, page: (*call).endSessions},
	}
}
