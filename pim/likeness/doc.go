// Package likeness tells how much two items look like one and the same, and why.
//
//	sketch.go    Of: what is compared of an item, folded and small
//	contact.go activity.go  Compare: pure: two sketches → a score and its reasons
//	match.go     Match: one to one between two lists; Within: alike ones of one list
//	phone.go     telephone numbers as they are dialled
//
// A score lies between 0 and 1. From Strong on two items may be taken for one without
// asking, if no third one is nearly as good; from Weak on a person is asked. A score is
// never made of one weak sign: a name alone, a telephone of an office, a title without
// time ask a person at most.
//
// Lists are never compared each with each: only items that share a key (an e-mail
// address, the end of a telephone number, a name, a time) are.
//
// Not here: what becomes of a match (package relay).
package likeness
