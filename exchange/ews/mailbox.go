package ews

import (
	"sync"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// concurrency is how many calls of one account go on at once. Exchange allows 27 and gives each less time the more there are
// (EWSMaxConcurrency); other programs use the same account.
const concurrency = 4

// mail is one mailbox.
type mail struct {
	account  *account
	env      exchange.Env
	zones    *zones
	settings exchange.Settings
	pageSize int
	streams  *streams
	delegate bool          // the login opens somebody else's mailbox with its own rights
	login    string        // what links have in common that share a stream
	closed   chan struct{} // when it is
	close    sync.Once

	mu      sync.Mutex
	known   map[remote.CollectionID]shelf // folders that were seen
	folders *tree                         // nil: not read yet
	sent    string                        // the folder of what was sent; "" not looked up yet
}

var (
	_ exchange.Mailbox = (*mail)(nil)
	_ remote.Finder    = (*mail)(nil)
	_ remote.Lister    = (*mail)(nil)
	_ remote.Marker    = (*mail)(nil)
	_ remote.Prober    = (*mail)(nil)
	_ remote.Mailer    = (*mail)(nil)
	_ remote.Grouper   = (*mail)(nil)

	_ remote.FileOpener = (*mail)(nil)
)

// Traits implements remote.Remote.
func (m *mail) Traits() remote.Traits {
	limits := map[pim.FieldID]int{}
	for _, f := range []pim.FieldID{pim.FieldTitle, pim.FieldLocation, pim.FieldFullName, pim.FieldNickname, pim.FieldJobTitle, pim.FieldCompany, pim.FieldDepartment, pim.FieldRole} {
		limits[f] = textLimit
	}
	t := remote.Traits{
		ReportsDeletions: true,
		TimeStep:         1e9,
		Recurrence:       remote.RuleRecurrence,
		AllDay:           true,
		TextLimit:        limits,
		PageSize:         m.pageSize,
		Concurrency:      concurrency,
		FreshCollections: !m.delegate,
		Carries:          map[pim.Kind]pim.FieldSet{},
		// A task without an owner is its mailbox's.
		Required: map[pim.Kind]pim.FieldSet{pim.KindEvent: pim.Set(pim.FieldTime), pim.KindTask: pim.Set(pim.FieldOwner)},
	}
	for k, rows := range tables {
		rows.declare(k, &t)
	}
	t.Carries[pim.KindMessage] = messageFields
	return t
}

// Close implements remote.Remote.
func (m *mail) Close() error {
	m.close.Do(func() { close(m.closed) })
	m.streams.leave(m)
	m.account.close()
	return nil
}

func (m *mail) isClosed() bool {
	select {
	case <-m.closed:
		return true
	default:
		return false
	}
}
