package mem

import (
	"context"

	"crmbridge/crm"
	"crmbridge/remote"
	"crmbridge/remote/memory"
)

// The words of package remote/memory, for tests to read naturally.
type (
	// Options say what the CRM is weak at. Only Now is required.
	Options = memory.Options
	// Call is one method call as a fault sees it.
	Call = memory.Call
	// Fault is what goes wrong with a call; the zero value is nothing.
	Fault = memory.Fault
	// Company is one of the CRM's companies.
	Company = memory.Company
	// Mail is one that a write through the driver sent.
	Mail = memory.Mail
)

// The collections of every CRM.
const (
	Activities = memory.Activities // events and tasks
	Contacts   = memory.Contacts
	// Messages holds messages, under Options.Messages.
	Messages = memory.MailActivities
)

// Roles of this CRM besides remote.RoleCompany and remote.RoleContact.
const (
	RoleOpportunity = memory.RoleOpportunity
	RoleProject     = memory.RoleProject
	RoleParticipant = memory.RoleParticipant
	RoleManager     = memory.RoleManager
	RoleAssistant   = memory.RoleAssistant
	RolePrimary     = memory.RolePrimary
)

// CRM is the system behind the driver. The methods of System are what a person at its
// screen does, behind the driver's back; they never fail on purpose. Use New.
type CRM struct{ *memory.System }

// New makes an empty CRM.
func New(o Options) (*CRM, error) {
	if o.Pages == "" {
		o.Pages = "https://crm.example.org/card/"
	}
	s, err := memory.New(o, names{})
	if err != nil {
		return nil, err
	}
	return &CRM{s}, nil
}

// Driver is the driver that opens this CRM, for programs and tests that go through
// a driver table. It has no settings: who is connected stands in Options.
func (m *CRM) Driver() remote.Driver {
	return remote.Driver{
		Name:  "mem",
		Title: "In memory",
		Help:  "A CRM that lives as long as the program. For tests and as a pattern for drivers.",
		Open: func(context.Context, remote.Env, remote.Settings) (remote.Remote, error) {
			return m.Remote(), nil
		},
	}
}

// Remote opens a session. Any number may be open.
func (m *CRM) Remote() crm.Connector { return m.Open(m.dress) }

// A session of a CRM, by what it can do. Each has the Session beside its abilities, so that what all of these have is told by it.
type (
	plain struct {
		*memory.Session
		memory.Records
	}
	lists struct {
		*memory.Session
		memory.Records
		memory.Lister
	}
	finds struct {
		*memory.Session
		memory.Records
		memory.Finder
	}
	full struct {
		*memory.Session
		memory.Records
		memory.Lister
		memory.Finder
	}
	marks struct {
		*memory.Session
		full
		memory.Marker
	}
	tells struct {
		*memory.Session
		full
		memory.Watcher
	}
)

// dress gives a session the abilities of Options.
func (m *CRM) dress(s *memory.Session) remote.Remote {
	records, list, find := memory.Records{Session: s}, memory.Lister{Session: s}, memory.Finder{Session: s}
	all := full{s, records, list, find}
	switch o := m.Options(); {
	case o.Marks:
		return marks{s, all, memory.Marker{Session: s}}
	case o.Watch:
		return tells{s, all, memory.Watcher{Session: s}}
	case o.NoLister && o.NoFinder:
		return plain{s, records}
	case o.NoLister:
		return finds{s, records, find}
	case o.NoFinder:
		return lists{s, records, list}
	}
	return all
}
