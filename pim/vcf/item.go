package vcf

import "crmbridge/pim"

// Item is the typed view. What is broken or unknown is left out of the view, not of
// the text.
func (c *Card) Item() *pim.Contact { return nil }
