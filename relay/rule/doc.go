// Package rule says what a link does, as one pure value, and judges items by it.
//
//	rule.go     Rules: the value and its defaults, windows and types by it
//	validate.go Validate: every fault of it at once
//	flow.go     Flow: what goes in one direction; Types, Private
//	mail.go     Attendees, Mail: who goes along, and whom a write may make the remote mail
//	judge.go    Judge: what the rules make of one item, and why
//	category.go Off: whether the category that switches single items is on one
//	touch.go    Touches: what a change of rules makes to be looked at again
//	words.go    Describe: the rules in sentences
//	anonymous.go  Anonymous: the rules without what they name
//
// The relay asks Judge wherever it decides, so that what a person is told (Reasons) is
// what is done. Nothing here knows of sides that changed, of bases or of writes: that is
// Decide's and Merge's.
package rule
