// Package store is the hub: users, collections, items with their change log,
// links to remotes with their agreed bases, conflicts and run reports, in SQLite
// or PostgreSQL through GORM.
//
//	model.go      the rows: who there is, what they have, and what is made of it
//	modelrelay.go the rows: links and what the relay knows of both sides; conflicts, runs
//	open.go tx.go Open, Close; View, Update: the transactions, on which all queries are methods
//	conn.go rows.go list.go errors.go          how statements are run and faults are named
//	sqlite.go sqlitecache.go sqliteread.go postgres.go what differs between the databases
//	migrate*.go   numbered, append-only migrations
//	users.go tokens.go collections.go props.go who there is and what they have
//	put.go move.go                             writes of objects, with their preconditions
//	words.go                                   the index of words, by which searches find cards
//	objects.go each.go keep.go changes.go synctoken.go reads of objects: one, many, in a range of time, since
//	rolls.go                                   names and ETags in memory, for listings that are asked for again
//	versions.go seen.go                        texts that were, and who has seen which
//	links.go lease.go pairs.go identities.go duplicates.go   the relay's books
//	files.go                                   whose files are to be taken over
//	along.go                                   which records are asked about, and whose contacts come along
//	signins.go                                 logins of persons at remotes
//	feeds.go derived.go                        addresses without a login; collections made of others
//	attempt.go                                 a part of a transaction that may fail alone
//	occurrences.go origin.go                   single items that stand for series; where items were first made
//	conflicts.go reports.go runs.go steps.go   reports
//	backup.go backupread.go restore.go         all there is in one file, the same for both databases, and back
//	restored.go                                what a database needs after a copy was put back
//	copy.go                                    what one run of a link reads, in a database of its own
//	quota.go earlier.go counts.go              how much a user has, and what goes when it is too much; how many rows there are
//	invariants.go CheckInvariants, run on close in every test
//
// Invariants:
//   - one change sequence per collection, allocated under the collection's row
//     lock, so that no reader sees n+1 before n; deleted objects stay as
//     tombstones; a sync token never expires;
//   - an ETag is strong and changes exactly when the bytes change;
//   - preconditions are checked inside the writing transaction;
//   - (collection, name) and (collection, UID) are unique among the living;
//   - a text lies in versions under (object, change) and nowhere else: a write adds
//     one and copies none;
//   - every text that was ever replaced or deleted stays as a Version while
//     something may still ask for it;
//   - a cursor commits in the same transaction as the items it covers.
//
// Users, links and reports go through GORM, objects and changes through SQL of our
// own, written with "?" for both databases.
//
// What is not here: iCalendar (callers pass the index values), passwords
// (package auth), decisions (package relay).
package store
