package main

import (
	"crmbridge/crm/creatio"
	"crmbridge/crm/tryton"
	"crmbridge/exchange/dav"
	"crmbridge/exchange/ews"
	"crmbridge/exchange/graph"
	"crmbridge/remote"
	"crmbridge/store"
)

// kind is something that a collection can be linked to.
type kind struct {
	remote.Driver
	// side is which of a collection's two links it is: there can be one of each.
	side store.Side
}

// kinds is the table of everything that a collection can be linked to. A new driver is a row here, its page in docs, and nothing
// else.
func kinds() []kind {
	return []kind{
		{creatio.Driver(), store.CRM},
		{tryton.Driver(), store.CRM},
		{ews.Driver(), store.Exchange},
		{graph.Driver(), store.Exchange},
		{dav.Driver(), store.Exchange},
	}
}

// drivers are those of the table by name.
func drivers() map[string]remote.Driver {
	m := make(map[string]remote.Driver)
	for _, k := range kinds() {
		m[k.Name] = k.Driver
	}
	return m
}

// withHub are the drivers of a program that can be told of changes at an address; nil is none.
func withHub(hub *graph.Hub) map[string]remote.Driver {
	m := drivers()
	m["graph"] = graph.DriverWith(hub)
	return m
}

// sideOf is the side that links of a driver are on; "" for one that is not in the table.
func sideOf(driver string) store.Side {
	for _, k := range kinds() {
		if k.Name == driver {
			return k.side
		}
	}
	return ""
}

// otherSide is what a side is called to people.
func otherSide(s store.Side) string {
	if s == store.Exchange {
		return "the mail server"
	}
	return "the CRM"
}
