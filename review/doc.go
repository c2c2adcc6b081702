// Package review is the lists that people look through: items that fail, wait or are held,
// conflicts, duplicates, runs and their steps. Commands and pages ask by the same Query and get the
// same rows.
//
//	query.go  Query, Page
//	items.go  Errors, Approvals, Holds
//	known.go  Items: all that a link knows
//	conflicts.go Conflicts
//	duplicates.go Duplicates
//	deeds.go Deeds
//	runs.go   Runs, Steps
//
// Every list is paged by key: Page.Next goes into Query.After of the next call, and nothing
// is shown twice or left out when rows come and go in between. Text and kind are compared here and
// not in the database, as items are stored encoded; a call looks at a bounded number of rows, so that
// a page can be short or empty while Next says that there is more.
//
// What is not here: what to do about a row (relay: Retry, Ignore, Approve, Reject, Settle, MergeDuplicate).
package review
