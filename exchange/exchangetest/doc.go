// Package exchangetest is the conformance suite of Exchange drivers: all of remote/remotetest, and what only mail servers have: keys on
// items, moves between folders, mail to attendees, hints of changes, and messages.
//
//	harness.go  Harness: how the suite gets at a server; Run
//	moves.go    remote.Marker: keys, and items that are moved
//	mails.go    no write of ours mails anybody
//	watch.go    remote.Watcher
//	mail.go     messages and their files
package exchangetest
