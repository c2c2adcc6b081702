package vcf

import (
	"time"

	"crmbridge/pim"
)

// ApplyOptions go with Apply.
type ApplyOptions struct {
	// Now is written as REV, in UTC; zero leaves it alone.
	Now time.Time
}

// Apply returns a new card in which the fields of set are those of contact, and every
// other line has the bytes it had. A field whose value in the text is equal already
// (pim.Field.Equal) is not written; when nothing changes, c itself is returned. Phones,
// addresses and the like are matched by value, so that their groups, labels and parameters
// survive. pim.ErrUnsupported for a card of version 2.1.
func Apply(c *Card, contact *pim.Contact, set pim.FieldSet, opt ApplyOptions) (*Card, error) {
	return nil, pim.ErrInternal
}

// NewOptions go with New.
type NewOptions struct {
	ProdID string    // PRODID; "" for none
	Now    time.Time // REV; required
	UID    string    // used when the contact has none
}

// New makes a whole card. N and FN are derived from each other, from the company or from an
// e-mail address when they are missing. pim.ErrInvalid without a UID or Now or for another version
// than V3 and V4.
func New(contact *pim.Contact, v Version, opt NewOptions) (*Card, error) {
	return nil, pim.ErrInternal
}
