package creatio

import (
	"crmbridge/pim"
	"crmbridge/remote"
)

var _ remote.FieldLister = (*connector)(nil)

// FieldMap implements remote.FieldLister.
func (c *connector) FieldMap(k pim.Kind) []remote.Mapping {
	if k == pim.KindContact {
		return contactFields().Map(k)
	}
	return activityFields().Map(k)
}
