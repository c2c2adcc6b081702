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
		{pattern: "GET " + Prefix + "sign-in/code", who: anybody, page: (*call).signInForm},
		{pattern: "POST " + Prefix + "sign-in/code", who: anybody, page: (*call).signInCode},
		{pattern: "GET " + Prefix + "sign-in/elsewhere", who: anybody, page: (*call).goElsewhere},
		{pattern: "GET " + Prefix + "sign-in/back", who: anybody, page: (*call).fromElsewhere},
		{pattern: "POST " + Prefix + "sign-out", who: anybody, page: (*call).signOut},
		{pattern: "POST " + Prefix + "language", who: anybody, page: (*call).chooseLanguage},
		{pattern: "GET " + Prefix + "first/{secret}", who: anybody, page: (*call).firstForm},
		{pattern: "POST " + Prefix + "first/{secret}", who: anybody, page: (*call).first},
		{pattern: "GET " + Prefix + "confirm", who: person, page: (*call).confirmForm},
		{pattern: "POST " + Prefix + "confirm", who: person, page: (*call).confirm},

		{pattern: "GET " + Prefix + "me", who: person, page: (*call).me},
		{pattern: "GET " + Prefix + "me/connect", who: person, page: (*call).connect},
		{pattern: "POST " + Prefix + "me/devices", who: person, fresh: true, page: (*call).addDevice},
		{pattern: "POST " + Prefix + "me/devices/{id}/revoke", who: person, page: (*call).revokeDevice},
		{pattern: "POST " + Prefix + "me/password", who: person, fresh: true, page: (*call).changePassword},
		{pattern: "GET " + Prefix + "me/codes", who: person, fresh: true, page: (*call).codes},
		{pattern: "POST " + Prefix + "me/codes", who: person, fresh: true, page: (*call).turnOnCodes},
		{pattern: "POST " + Prefix + "me/codes/off", who: person, fresh: true, page: (*call).turnOffCodes},
		{pattern: "POST " + Prefix + "me/codes/recovery", who: person, fresh: true, page: (*call).newRecoveryCodes},
		{pattern: "POST " + Prefix + "me/sessions/end", who: person, page: (*call).endSessions},
		{pattern: "POST " + Prefix + "me/feeds", who: person, fresh: true, page: (*call).addFeed},
		{pattern: "POST " + Prefix + "me/feeds/{id}/rotate", who: person, fresh: true, page: (*call).rotateFeed},
		{pattern: "POST " + Prefix + "me/feeds/{id}/revoke", who: person, page: (*call).revokeFeed},

		{pattern: "GET " + Prefix + "people", who: administrator, page: (*call).people},
		{pattern: "POST " + Prefix + "people", who: administrator, fresh: true, page: (*call).addPerson},
		{pattern: "GET " + Prefix + "people/{name}", who: administrator, page: (*call).me},
		{pattern: "POST " + Prefix + "people/{name}/devices", who: administrator, fresh: true, page: (*call).addDevice},
		{pattern: "POST " + Prefix + "people/{name}/devices/{id}/revoke", who: administrator, page: (*call).revokeDevice},
		{pattern: "POST " + Prefix + "people/{name}/feeds", who: administrator, fresh: true, page: (*call).addFeed},
		{pattern: "POST " + Prefix + "people/{name}/feeds/{id}/rotate", who: administrator, fresh: true, page: (*call).rotateFeed},
		{pattern: "POST " + Prefix + "people/{name}/feeds/{id}/revoke", who: administrator, page: (*call).revokeFeed},
		{pattern: "POST " + Prefix + "people/{name}/password", who: administrator, fresh: true, page: (*call).setPassword},
		{pattern: "POST " + Prefix + "people/{name}/codes/off", who: administrator, fresh: true, page: (*call).turnOffTheirCodes},
		{pattern: "POST " + Prefix + "people/{name}/state", who: administrator, fresh: true, page: (*call).setState},

		{pattern: "GET " + Prefix + "system", who: administrator, page: (*call).system},
		{pattern: "POST " + Prefix + "system/backup", who: administrator, fresh: true, page: (*call).backup},
		{pattern: "POST " + Prefix + "system/key", who: administrator, fresh: true, page: (*call).rotateKey},
		{pattern: "POST " + Prefix + "system/support", who: administrator, fresh: true, page: (*call).support},
		{pattern: "GET " + Prefix + "audit", who: administrator, page: (*call).audit},
		{pattern: "GET " + Prefix + "overview", who: administrator, page: (*call).overview},
		{pattern: "GET " + Prefix + "links", who: administrator, page: (*call).linkList},
		{pattern: "GET " + Prefix + "links/new", who: administrator, fresh: true, page: (*call).newLinkForm},
		{pattern: "POST " + Prefix + "links/new", who: administrator, fresh: true, page: (*call).addLink},
		{pattern: "GET " + Prefix + "links/{id}", who: administrator, page: (*call).linkPage},
		{pattern: "GET " + Prefix + "links/{id}/rules", who: administrator, page: (*call).rulesPage},
		{pattern: "POST " + Prefix + "links/{id}/rules", who: administrator, page: (*call).setRules},
		{pattern: "GET " + Prefix + "links/{id}/events", who: administrator, page: (*call).linkEvents},
		{pattern: "POST " + Prefix + "links/{id}/run", who: administrator, page: (*call).runLink},
		{pattern: "POST " + Prefix + "links/{id}/stop", who: administrator, page: (*call).stopLink},
		{pattern: "POST " + Prefix + "links/{id}/pause", who: administrator, page: (*call).pauseLink},
		{pattern: "POST " + Prefix + "links/{id}/resume", who: administrator, page: (*call).resumeLink},
		{pattern: "POST " + Prefix + "links/{id}/allow", who: administrator, page: (*call).allowMany},
		{pattern: "POST " + Prefix + "links/{id}/remove", who: administrator, page: (*call).removeLink},
		{pattern: "POST " + Prefix + "links/{id}/test", who: administrator, page: (*call).testLink},
		{pattern: "GET " + Prefix + "runs", who: administrator, page: (*call).runList},
		{pattern: "GET " + Prefix + "runs/{id}", who: administrator, page: (*call).run},
		{pattern: "POST " + Prefix + "runs/{id}/undo", who: administrator, page: (*call).undoRun},
		{pattern: "GET " + Prefix + "conflicts", who: administrator, page: (*call).conflictList},
		{pattern: "POST " + Prefix + "conflicts", who: administrator, page: (*call).settleMany},
		{pattern: "GET " + Prefix + "conflicts/{id}", who: administrator, page: (*call).conflict},
		{pattern: "POST " + Prefix + "conflicts/{id}/settle", who: administrator, page: (*call).settle},
		{pattern: "POST " + Prefix + "conflicts/{id}/undo", who: administrator, page: (*call).unsettle},
		{pattern: "GET " + Prefix + "errors", who: administrator, page: (*call).errorList},
		{pattern: "GET " + Prefix + "holds", who: administrator, page: (*call).holdList},
		{pattern: "GET " + Prefix + "duplicates", who: administrator, page: (*call).duplicateList},
		{pattern: "GET " + Prefix + "duplicates/{id}", who: administrator, page: (*call).duplicate},
		{pattern: "POST " + Prefix + "duplicates/{id}/merge", who: administrator, page: (*call).mergeDuplicate},
		{pattern: "POST " + Prefix + "duplicates/{id}/ignore", who: administrator, page: (*call).ignoreDuplicate},
		{pattern: "POST " + Prefix + "duplicates/{id}/undo", who: administrator, page: (*call).undoDuplicate},
		{pattern: "GET " + Prefix + "items", who: administrator, page: (*call).knownList},
		{pattern: "GET " + Prefix + "items/one", who: administrator, page: (*call).itemPage},
		{pattern: "POST " + Prefix + "items/restore", who: administrator, page: (*call).restoreItem},
		{pattern: "POST " + Prefix + "items/tie", who: administrator, page: (*call).tieItem},
		{pattern: "POST " + Prefix + "items/do", who: administrator, page: (*call).actOnItems},
	}
}
