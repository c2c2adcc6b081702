package vcf

import "crmbridge/pim"

// Convert gives the card in version v (V3 or V4), for a client that asked for it: c
// itself when it is that already. Properties that v does not know stay, as X- properties where
// they have an agreed one, so that a conversion back finds them. The result is for sending,
// not for storing. pim.ErrUnsupported for another version.
func Convert(c *Card, v Version) (*Card, error) { return nil, pim.ErrInternal }
