package main

import (
	"crmbridge/crm/creatio"
	"crmbridge/crm/tryton"
	"crmbridge/exchange/dav"
	"crmbridge/exchange/ews"
	"crmbridge/exchange/graph"
	"crmbridge/manage"
	"crmbridge/store"
)

// drivers is the table of everything that a collection can be linked to. A new driver is a row here, its page in docs, and nothing
// else.
func drivers() manage.Drivers { return driversWith(nil) }

// driversWith are the drivers of a program that can be told of changes at an address; nil is none.
func driversWith(hub *graph.Hub) manage.Drivers {
	return manage.Drivers{
		{Driver: creatio.Driver(), Side: store.CRM},
		{Driver: tryton.Driver(), Side: store.CRM},
		{Driver: ews.Driver(), Side: store.Exchange},
		{Driver: graph.DriverWith(hub), Side: store.Exchange},
		{Driver: dav.Driver(), Side: store.Exchange},
	}
}
