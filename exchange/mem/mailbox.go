package mem

import (
	"context"

	"crmbridge/exchange"
	"crmbridge/remote"
	"crmbridge/remote/memory"
)

// The folders of every mailbox.
const (
	Calendar remote.CollectionID = "calendar"
	Tasks    remote.CollectionID = "tasks"
	Contacts                     = memory.Contacts
	Inbox    remote.CollectionID = "inbox"
	Archive  remote.CollectionID = "archive"
)

// Mailbox is the mailbox behind the driver. The methods of System are what a person at its screen does, behind the driver's back; they
// never fail on purpose. Use New.
type Mailbox struct{ *memory.System }

// New makes an empty mailbox.
func New(o Options) (*Mailbox, error) {
	s, err := memory.New(o.system(), nil)
	if err != nil {
		return nil, err
	}
	return &Mailbox{s}, nil
}

// Driver is the driver that opens this mailbox, for programs and tests that go through a driver table. It has no settings.
func (m *Mailbox) Driver() exchange.Driver {
	return exchange.Driver{
		Name:  "mailbox",
		Title: "Mailbox in memory",
		Help:  "A mailbox that lives as long as the program. For tests.",
		Open: func(context.Context, exchange.Env, exchange.Settings) (exchange.Mailbox, error) {
			return m.Remote(), nil
		},
	}
}

// Remote opens a session. Any number may be open.
func (m *Mailbox) Remote() exchange.Mailbox {
	return m.Open(func(s *memory.Session) remote.Remote {
		return session{s, memory.Lister{Session: s}, memory.Finder{Session: s}, memory.Marker{Session: s}, memory.Watcher{Session: s}, memory.Opener{Session: s}, m}
	})
}

// session is one connection with a mailbox.
type session struct {
	*memory.Session
	memory.Lister
	memory.Finder
	memory.Marker
	memory.Watcher
	memory.Opener
	box *Mailbox
}

var (
	_ remote.Lister  = session{}
	_ remote.Finder  = session{}
	_ remote.Marker  = session{}
	_ remote.Watcher = session{}
	_ remote.Mailer  = session{}

	_ remote.FileOpener = session{}
	_ remote.Grouper    = session{}
)

// Traits implements remote.Remote: Mails tells which writes mail.
func (s session) Traits() remote.Traits {
	t := s.Session.Traits()
	t.MailsAttendees = false
	return t
}

// Groups implements remote.Grouper: those of all mail are the categories.
func (s session) Groups(_ context.Context, c remote.CollectionID) (out []remote.Group, err error) {
	if c != exchange.AllMail {
		return nil, nil
	}
	for _, name := range s.box.Categories() {
		out = append(out, remote.Group{ID: name, Name: name})
	}
	return out, nil
}
