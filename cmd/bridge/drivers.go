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
		d.Options = append(d.Options, connectionOptions()...)
		m[d.Name] = d
	}
	return m
}

// connectionOptions are those of the outbound client: the same for every driver.
func connectionOptions() []remote.Option {
	return []remote.Option{{
		Name: "proxy", Title: "Proxy", Default: "direct",
		Help:   "direct, environment (HTTP_PROXY and the like), or the proxy's address with name and password: http://user:password@proxy.example.org:3128",
		Secret: true,
	}}
}
