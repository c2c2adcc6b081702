package crm

import "crmbridge/remote"

// What remotes can tell of their pick-lists, in the words of CRMs.
type (
	// Lookups is the ability to list the values of a field that is picked from a list.
	Lookups = remote.Lookups
	// LookupValue is one entry of a pick-list.
	LookupValue = remote.LookupValue
)
