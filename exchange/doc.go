// Package exchange is the contract of drivers for mail servers and groupware: that of package remote, in their words, and what
// only they have.
//
//	exchange.go  names for the parts of the contract
//	marker.go    Marker: the property that every item of ours carries there
//	pictures.go  Pictures: the files of a message that its body shows
//	series/      recurrence in Exchange's terms, for EWS and Graph
//
// A driver lives in a folder of its own:
//
//	exchange/ews    Exchange Server 2016, 2019 and SE, by Exchange Web Services
//	exchange/graph  Microsoft 365, by Microsoft Graph
//	exchange/dav    SOGo, Nextcloud, grommunio, Zimbra and other groupware, by CalDAV and CardDAV
//	exchange/mem    a mailbox in memory, for tests
//
// It imports this contract, package remote, packages pim/... and package upstream and nothing else of ours, and is judged by package
// exchange/exchangetest. Simulators of servers that cannot run in tests live beside their driver (exchange/ews/ewssim,
// exchange/graph/graphsim) and share no code with it, so that the two cannot be wrong in the same way.
//
// What sets a mail server apart from a CRM:
//
//   - Series are kept whole, as a rule with exceptions (remote.RuleRecurrence): pim.Recurrence has the occurrences that differ,
//     each as an item of its own.
//   - An item's id changes when a person moves it to another folder. Items carry Marker, and a move is a move.
//   - Writes to meetings can mail people. No write of ours does unless a rule lets it (remote.Mailer).
//   - They tell of changes by themselves (remote.Watcher).
//
// Not here: what becomes of changes (package relay), formats of texts (pim/ics, pim/vcf).
package exchange
