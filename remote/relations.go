package remote

import (
	"context"

	"crmbridge/pim"
)

// Relations tells, and changes, what items are tied to: the company and the contact of an
// activity, its project, the owner of a contact.
type Relations interface {
	// Roles are the relations that items of a kind can have, in the order people see them;
	// nil when there are none. What it takes to know them is asked for once in a while.
	Roles(ctx context.Context, k pim.Kind) ([]Role, error)
	// Related tells what the named items are tied to, in the order of Roles. Those that
	// do not exist (any more), or are not in scope, are left out; one that is tied to nothing is
	// there with nil. It takes a bounded number of requests for each hundred items.
	Related(ctx context.Context, c CollectionID, s Scope, ids []ItemID) (map[ItemID][]Relation, error)
	// Candidates are the records that a text can mean for a role: their id, their name, a
	// part of it, or, of people, their e-mail address. The best are first, and they are 20 at
	// most. An unknown role is pim.ErrInvalid.
	Candidates(ctx context.Context, k pim.Kind, role, text string) ([]LookupValue, error)
	// Relate ties an item to the records with these ids, by role; "" unties. Other roles,
	// and what is not changed by it, stay. As Update it answers ErrConflict, and writes
	// nothing, when the remote's version is no longer old.Version ("" is any), and
	// ErrNotFound when the item is gone. A role that the item cannot have, or that is
	// Fixed, and a record that does not exist are pim.ErrInvalid.
	Relate(ctx context.Context, c CollectionID, old Ref, set map[string]ItemID) (Record, error)
}

// Role is one relation that items can have.
type Role struct {
	ID    string // "company": lower case, never changed
	Label string // for people
	// Of is the collection that the records on the other end are items of; "" when they
	// are none of ours.
	Of CollectionID
	// Many: an item can be tied to several. Fixed: Relate does not change it.
	Many, Fixed bool
}

// Roles that drivers have in common. Relations that the relay finds out for itself bear
// these names.
const (
	RoleCompany = "company"
	RoleContact = "contact"
	// RoleOwner is who is responsible for an item.
	RoleOwner = "owner"
)

// Relation is one tie of an item to a record of the remote.
type Relation struct {
	Role string `json:"role"`
	ID   ItemID `json:"id"` // "" when the remote keeps a text only
	Name string `json:"name"`
	// Self: it is the connected user's own record.
	Self bool `json:"self,omitempty"`
}

// Directory finds people and companies by their addresses, so that the relay can tell what
// an activity that comes from a device is about.
type Directory interface {
	// WhoIs finds contacts by e-mail address, in any case of letters; the answer is by
	// address in lower case. An address that several contacts have tells them all.
	WhoIs(ctx context.Context, addresses []string) (map[string][]Known, error)
	// CompaniesAt finds companies by the part of their own addresses, or of those of
	// their people, that is behind the @; the answer is by domain in lower case. At most a
	// few are told for each: more than one is too many to choose from.
	CompaniesAt(ctx context.Context, domains []string) (map[string][]LookupValue, error)
}

// Known is a contact that was found by an address.
type Known struct {
	Contact LookupValue
	Company LookupValue // zero when the contact has none
	Self    bool        // the connected user
}
