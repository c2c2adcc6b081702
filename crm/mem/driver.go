package mem

import (
	"context"

	"crmbridge/remote"
)

// Driver is the driver that opens this CRM, for programs and tests that go through
// a driver table. It has no settings: who is connected stands in Options.
func (m *CRM) Driver() remote.Driver {
	return remote.Driver{
		Name:  "mem",
		Title: "In memory",
		Help:  "A CRM that lives as long as the program. For tests and as a pattern for drivers.",
		Open: func(context.Context, remote.Env, remote.Settings) (remote.Remote, error) {
			return m.Remote(), nil
		},
	}
}
