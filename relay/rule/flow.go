package rule

import (
	"slices"
	"strings"

	"crmbridge/pim"
)

// Way is a direction seen from the hub.
type Way uint8

// Ways.
const (
	Inward  Way = iota // from the remote to the hub
	Outward            // from the hub to the remote
)

// Flow is what goes in one direction.
type Flow struct {
	// PastDays and FutureDays bound what is made, as in Rules, whose bounds they
	// replace; 0 means those of Rules.
	PastDays   int `json:"pastDays,omitempty"`
	FutureDays int `json:"futureDays,omitempty"`
	// Create are the types of items that are made on the other side; Carry those
	// whose changes and deletions are carried over.
	Create Types `json:"create,omitzero"`
	Carry  Types `json:"carry,omitzero"`
	// Since begins the window at a day, before PastDays; "" means what Rules say.
	Since Day `json:"since,omitempty"`
	// Private is what becomes of items that are not public.
	Private Private `json:"private,omitempty"`
	// Attendees says whether those of an item go along; "" is AttendeesCarry.
	Attendees Attendees `json:"attendees,omitempty"`
}

// Types are names of activity or contact types, compared without regard to case. Nil
// means all, also items without a type; empty means none. NoType stands for items
// without one.
type Types []string

// NoType is how items without a type are named in Types.
const NoType = "-"

// Has reports whether a type is among them.
func (t Types) Has(name string) bool {
	if t == nil {
		return true
	}
	if name == "" {
		name = NoType
	}
	return slices.ContainsFunc(t, func(s string) bool { return strings.EqualFold(s, name) })
}

// Private says what becomes of an item that is private or confidential (RFC 5545
// 3.8.1.3).
type Private string

// Ways to treat private items; "" is PrivateFull.
const (
	PrivateFull Private = "full" // as any other
	PrivateMask Private = "mask" // that there is something, and when
	PrivateNone Private = "none" // not at all; what was there before goes
)

// MaskTitle is the title of what a mask left.
const MaskTitle = "Private"

// TypeOf is the type of an item, "" when it has none.
func TypeOf(it pim.Item) string {
	switch v := it.(type) {
	case *pim.Event:
		return v.CRM.Type
	case *pim.Task:
		return v.CRM.Type
	case *pim.Contact:
		return v.Type
	case *pim.Message:
		return v.CRM.Type
	}
	return ""
}

// IsPrivate reports an item that is private or confidential.
func IsPrivate(it pim.Item) bool {
	switch v := it.(type) {
	case *pim.Event:
		return v.Class != pim.Public
	case *pim.Task:
		return v.Class != pim.Public
	case *pim.Message:
		return v.Class != pim.Public
	}
	return false
}
