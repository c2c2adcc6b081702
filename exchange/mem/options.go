package mem

import (
	"time"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/memory"
)

// Options say what the server is like. Only Now is required; without more it is like Exchange Server: ids change on a move, deletions are
// told, UIDs are forgotten, a key seen again makes a second item, and attendees hear nothing of what we write.
type Options struct {
	Now  func() time.Time // the server's clock, called concurrently
	User string           // the mailbox's owner, an address; "" is ann@example.org
	Zone string           // of the user, IANA; "" is UTC
	// Place tells this server from others in memory, whose ids are the same.
	Place string
	// Folders are those there are besides Calendar, Tasks, Contacts, Inbox and Archive.
	Folders []remote.Collection

	KeepsIDs         bool // an item that is moved keeps its id, and is read by it in any folder, as in Microsoft Graph
	NoDeletionReport bool // deletions are not in Delta.Removed
	Unchecked        bool // versions are compared before the write, not with it
	NoItemsInDelta   bool // Delta.Changed has refs only
	// Mails makes every write to a meeting mail those who take part, as Microsoft Graph does; remote.Mailer tells of each beforehand.
	Mails bool

	// UnknownSizes: how long a file of a message is shows only when it has come, as in Exchange Server.
	UnknownSizes bool

	PageSize int // records in a page of Changes; 0 is 50
	// Between is called by Update, Delete and Mark under Unchecked, after the versions were compared and before the write.
	Between func(op string, id remote.ItemID)
}

func (o Options) system() memory.Options {
	if o.User == "" {
		o.User = "ann@example.org"
	}
	return memory.Options{
		Now: o.Now, User: o.User, Zone: o.Zone, Place: o.Place,
		Collections: append([]remote.Collection{
			{ID: Calendar, Name: "Calendar", Kinds: pim.Kinds(pim.KindEvent)},
			{ID: Tasks, Name: "Tasks", Kinds: pim.Kinds(pim.KindTask)},
			{ID: Contacts, Name: "Contacts", Kinds: pim.Kinds(pim.KindContact)},
			{ID: exchange.AllMail, Name: "All mail", Kinds: pim.Kinds(pim.KindMessage), ReadOnly: true},
			{ID: Inbox, Name: "Inbox", Kinds: pim.Kinds(pim.KindMessage), ReadOnly: true},
			{ID: Archive, Name: "Archive", Kinds: pim.Kinds(pim.KindMessage), ReadOnly: true},
		}, o.Folders...), AllMail: exchange.AllMail, UnknownSizes: o.UnknownSizes,
		Carries: carried(), TimeStep: time.Second, TextLimit: map[pim.FieldID]int{pim.FieldTitle: 255, pim.FieldLocation: 255},
		MovesChangeIDs: !o.KeepsIDs, Marks: true, NotIdempotent: true, NoUID: true, NoRelations: true,
		NoDeletionReport: o.NoDeletionReport, Unchecked: o.Unchecked, NoItemsInDelta: o.NoItemsInDelta, Mails: o.Mails,
		PageSize: o.PageSize, Between: o.Between,
	}
}

// carried is what a mailbox has places for: all but what only CRMs know.
func carried() map[pim.Kind]pim.FieldSet {
	crm := pim.Set(pim.FieldURL, pim.FieldAccess, pim.FieldCustom, pim.FieldType, pim.FieldNumber, pim.FieldContact, pim.FieldProject, pim.FieldResult,
		pim.FieldReport, pim.FieldContactType, pim.FieldSalutation, pim.FieldDecisionRole, pim.FieldDoNotUse, pim.FieldGroup, pim.FieldMembers)
	of := func(k pim.Kind, without ...pim.FieldID) pim.FieldSet {
		return pim.AllOf(k).Minus(crm).Minus(pim.Set(without...))
	}
	return map[pim.Kind]pim.FieldSet{
		pim.KindEvent:   of(pim.KindEvent, pim.FieldCompany, pim.FieldOwner),
		pim.KindTask:    of(pim.KindTask, pim.FieldCompany, pim.FieldLocation, pim.FieldOrganizer, pim.FieldAttendees),
		pim.KindContact: of(pim.KindContact, pim.FieldOwner),
		pim.KindMessage: of(pim.KindMessage, pim.FieldCompany, pim.FieldOwner),
	}
}
