// Package mem is a mailbox in memory: the face of package remote/memory that has the abilities of mail servers. Tests of everything that
// stands on the contract have it for the other side.
//
//	mailbox.go  Mailbox, its folders and its sessions; the Driver value
//	options.go  Options: which server it is like
//	mails.go    whom writes would mail
//
// It has folders, to which a person adds (System.AddFolder) and between which items are dragged (System.Move) and copied (System.Copy); ids
// that change on a move; keys on items (remote.Marker); series with occurrences that differ (remote.RuleRecurrence); hints of changes
// (remote.Watcher); and it writes down the mail that it sends (System.Mails).
package mem
