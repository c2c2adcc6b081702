// Package feed serves calendars as read-only iCalendar files, for programs that log in
// nowhere: Outlook's internet calendars, Google, Apple, Thunderbird. Whoever knows the
// address of a feed may read it.
//
//	/feeds/SECRET/NAME.ics     GET, HEAD; store.Feed says what is in it
//
//	render.go     Render: one VCALENDAR of the objects of a collection, in two passes, object by object
//	head.go       what is said of the calendar as a whole; color.go: COLOR by name
//	object.go     what of an object is in the feed: privacy, the window, occurrences that are left out
//	property.go   the one property table: what of a component may be seen, in full and when only busy
//	outlook.go    what Outlook wants besides
//	times.go      times, periods and the ends of rules, written anew
//	zones.go      time zones: names, each defined once, ahead of what uses it
//	calendar.go   a stored feed and its collection as Render wants them; the window's days
//	handler.go    Handler: from the address to what it means; conditional.go: ETag and 304
//	answer.go     the answer; slots.go: whose turn it is; send.go: memory for clients that read slowly
//	address.go    addresses, made and taken apart
//	throttle.go   how often one network may ask
//
// # What is left out
//
// Items that are not public (CLASS, RFC 5545 3.8.1.3: also a class nobody knows) are in a
// feed only by Feed.Private; an override that is not public becomes an EXDATE of its
// series. Attendees are never in it: METHOD:PUBLISH has none (RFC 5546 3.2.1), and with
// them Outlook takes an event for an invitation. Properties pass by a table of what is
// known and shown by calendar programs; anything else, and all alarms unless Feed.Alarms,
// stays behind. A feed of DetailBusy holds times and the word "Busy", under UIDs made by
// a keyed hash, and none of what is free, cancelled or a task. Times and rules in it are
// written anew from what they mean, so that no text can hide in them.
//
// Outlook gets no cancelled events either: it shows them like all others.
//
// # What nobody learns
//
// An unknown address and one of a disabled account get the same 404 after the same
// queries. Only who knows the address of a feed that was revoked, has expired or got
// another address learns that it ended, by 410. Methods that write are refused before anything is looked up.
// Addresses are never logged: log lines hold the id of a feed.
//
// # Who waits for whom
//
// A feed is read from the store in one of a few slots, of which one feed and one network have a share. What it comes to
// is kept in memory, as a rule, and sent at the client's speed when the slot is free again. A feed too large for that
// is sent from its slot, and cut off when its client takes 64 KiB in more than four seconds. So whoever knows an address
// can hold up its other readers at most, and only where the feed is large.
//
// Render is pure; the handler reads store and clock through its Options. Making and
// ending feeds is the caller's work (store.CreateFeed, auth.NewSecret).
package feed
