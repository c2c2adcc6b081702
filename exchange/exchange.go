package exchange

import "crmbridge/remote"

// The contract of package remote, for drivers to read naturally.
type (
	// Mailbox is one user's calendars, tasks, contacts and mail.
	Mailbox = remote.Remote
	// Driver describes one kind of server and opens mailboxes.
	Driver = remote.Driver
	// Option is one setting of a driver.
	Option = remote.Option
	// Settings are the values of a driver's options.
	Settings = remote.Settings
	// Env is what a driver gets from the program.
	Env = remote.Env
)

// AllMail is the collection of all mail folders of a mailbox, for links by category.
const AllMail remote.CollectionID = "all mail"
