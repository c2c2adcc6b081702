// Package birthday keeps, for an address book, a calendar of its birthdays and anniversaries.
//
// The calendar is a collection like any other in the calendar home, so that listing, sync tokens and change tags need
// nothing of their own, but it is read-only, and store.Derived says what it is made of and up to which change:
//
//	birthday.go  Enable, Disable: the calendar comes and goes; DeleteCollection for all who delete books
//	refresh.go   Freshen, FreshenHome: what changed in the book since, whoever changed it, is taken over when somebody reads
//	event.go     one card and date → one event
//
// An event is a yearly all-day series without end:
//   - its UID follows from the book and the card's UID, so that it stays the same through every edit, and when the
//     calendar is switched off and on; its name follows from the card's row;
//   - the year is shown behind the name when it is known. It says how old somebody gets; an age in the title would be
//     wrong in all years but one;
//   - without a year (BDAY:--0203, X-APPLE-OMIT-YEAR) the series begins in 1972, the first leap year that programs with
//     Unix times can hold;
//   - who was born on 29 February is listed on the last day of February: the 28th in common years, where a plain yearly
//     rule would have nothing (RFC 5545 3.3.10 leaves such dates out);
//   - that of a card whose CLASS is anything but PUBLIC (RFC 2426 3.7.1) is private, so that feeds leave it out.
//
// The calendar is called after its book, and follows when that is renamed, unless somebody gave it a name of his own. What
// an older version of the program worded otherwise is made anew (the edition in store.Derived).
//
// Not here: when to look (package dav does before it reads), and the switch for people (package cmd).
package birthday
