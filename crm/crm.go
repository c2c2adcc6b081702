package crm

import "crmbridge/remote"

// The contract of package remote, for drivers to read naturally.
type (
	// Connector is one user's collections in a CRM.
	Connector = remote.Remote
	// Driver describes one kind of CRM and opens connectors.
	Driver = remote.Driver
	// Option is one setting of a driver.
	Option = remote.Option
	// Settings are the values of a driver's options.
	Settings = remote.Settings
	// Env is what a driver gets from the program.
	Env = remote.Env
)
