package tryton

import (
	"crmbridge/pim"
	"crmbridge/remote"
)

var _ remote.FieldLister = (*connector)(nil)

// FieldMap implements remote.FieldLister.
func (c *connector) FieldMap(k pim.Kind) []remote.Mapping {
	if k == pim.KindContact {
		return partyTable(c.set.employer != "").Map(k)
	}
	return taskTable().Map(k)
}
