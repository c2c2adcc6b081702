// Package e2e drives real client programs against running servers, from outside, over the network.
//
// One folder is one client or one thing that clients meet; each works against any DAV server that is described by a
// [crmbridge/e2e/plain.Target]:
//
//	plain        eyes and hands: plain HTTP requests that seed a server and look at what it holds
//	marionette   the remote protocol that Thunderbird is steered through
//	thunderbird  Mozilla Thunderbird, headless: its own discovery, offline queue and conflict dialogs
//	evolution    evolution-data-server, which GNOME Calendar, Contacts and Evolution use
//	vdirsyncer   vdirsyncer, and so what stands on it
//	khal, khard  calendar and address book for the terminal, on vdirsyncer's folders
//	cadaver      a WebDAV shell that knows nothing of calendars
//	litmus       the test suite of WebDAV servers, and which of its checks do not apply to ours, and why
//	gowebdav     emersion/go-webdav's client, a second opinion from a library
//	pythoncaldav python-caldav, another: queries, expansion, synchronisation
//	tsdav        tsdav from npm, a third
//	davmail      DavMail, a gateway in front of Exchange
//	ewsjavascript  ews-javascript-api from npm, Microsoft's own client library for Exchange in another language
//	graphclient  Microsoft's client of Microsoft Graph, from npm
//	npm          installs what npm delivers
//	script       runs programs in other languages whose lines become subtests
//	peer         Radicale and Xandikos: a script that fails against them is itself wrong
//	bridge       our program: built once, run as a child process
//	browser      Chromium, which uses the pages as people do
//	axe          axe-core from npm, which judges how accessible pages are
//	creatio      eyes and hands in a Creatio CRM, over its own service
//	tryton       the same for Tryton
//
// The tests stand in this folder behind the build tag e2e ("make e2e"): TestPeer… judge the scripts, TestServe… the DAV
// server with a plain account, TestDemo… the way to Creatio and back, TestTryton… the same with a live Tryton, TestGraph… the
// simulated Microsoft Graph, TestExchange… the simulated Exchange, and TestPages… the pages.
package e2e
