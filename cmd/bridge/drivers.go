package main

import (
	"crmbridge/crm/creatio"
	"crmbridge/crm/tryton"
	"crmbridge/remote"
)

// drivers is the table of everything a collection can be linked to. A new driver is
// a row here and nothing else.
func drivers() map[string]remote.Driver {
	m := make(map[string]remote.Driver)
	for _, d := range []remote.Driver{
		creatio.Driver(),
		tryton.Driver(),
	} {
		m[d.Name] = d
	}
	return m
}
