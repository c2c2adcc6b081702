package vcf

import "crmbridge/pim/line"

// The preconditions that faults name (RFC 6352 6.3.2.1).
const (
	ValidAddressData     = "valid-address-data"
	SupportedAddressData = "supported-address-data"
)

const maxFaults = 20

// Validate says what is wrong with c as a card that CardDAV stores, nil when nothing is:
// one vCard (RFC 6352 5.1), version 3.0 or 4.0, not two UIDs, characters that XML can carry,
// pictures within MaxPhoto and MaxPixels that are no markup. A missing UID, FN or N is no
// fault: Complete adds them.
func (c *Card) Validate() []line.Fault {
	var faults []line.Fault
	fault := func(condition string, no int, text string) {
		if len(faults) < maxFaults {
			faults = append(faults, line.Fault{Condition: condition, Line: no, Text: text})
		}
	}
	for i, b := range c.text.Blocks() {
		if i == 1 {
			fault(ValidAddressData, b.No(), "there is more than one vCard")
		}
	}
	switch c.Version() {
	case V3, V4:
	case "":
		fault(ValidAddressData, c.card.No(), "the card has no VERSION")
	default:
		fault(SupportedAddressData, c.card.First("VERSION").No, "only versions 3.0 and 4.0 of vCard are supported")
	}
	if all := c.card.All("UID"); len(all) > 1 {
		fault(ValidAddressData, all[1].No, "UID stands there twice")
	}
	c.pictures(fault)
	c.card.Walk(func(l *line.Line) bool {
		if !l.Carriable() {
			fault(ValidAddressData, l.No, "it holds bytes that are no UTF-8 text, or control characters")
		}
		return len(faults) < maxFaults
	})
	return faults
}
