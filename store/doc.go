// Package store is the hub: users, collections, items with their change log,
// links to remotes with their agreed bases, conflicts and run reports, in SQLite
// or PostgreSQL through GORM.
//
//	model.go      the rows
//	open.go       Open, Close, View, Update: one writer at a time per collection
//	migrate*.go   numbered, append-only migrations
//	users.go tokens.go collections.go objects.go changes.go seen.go props.go
//	links.go pairs.go identities.go conflicts.go runs.go     the queries, all methods of Tx
//	invariants.go CheckInvariants, run on close in every test
//
// Invariants:
//   - one change sequence per collection, allocated under the collection's row
//     lock, so that no reader sees n+1 before n; deleted objects stay as
//     tombstones; a sync token never expires;
//   - an ETag is strong and changes exactly when the bytes change;
//   - preconditions are checked inside the writing transaction;
//   - (collection, name) and (collection, UID) are unique among the living;
//   - every text that was ever replaced or deleted stays as a Version while
//     something may still ask for it;
//   - a cursor commits in the same transaction as the items it covers.
//
// What is not here: iCalendar (callers pass the index values), passwords
// (package auth), decisions (package relay).
package store
