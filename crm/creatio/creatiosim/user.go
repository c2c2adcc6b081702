package creatiosim

import "github.com/google/uuid"

// User is someone who can log in. The server keeps a SysAdminUnit row and a Contact row for each.
type User struct {
	Login    string
	Password string
	Name     string // the contact's full name; "" is Login
	Email    string
	Contact  string // the contact's id; "" makes one from Login

	FullRights      bool // sees every row; others see only activities they own or wrote, and their details
	NoOData         bool // logs in, but every OData request is 403
	PasswordExpired bool // login answers with a PasswordChangeUrl
	Inactive        bool
}

// account is a user as the server keeps it.
type account struct {
	User
	contact guid
	wrong   int   // wrong passwords in a row
	blocked stamp // no login before this
}

// Client is an OAuth application of the client-credentials kind. Its tokens act as User.
type Client struct {
	ID, Secret string
	User       string // login
}

// supervisorContact is the contact of the product's built-in administrator.
const supervisorContact = "410006e1-ca4e-4502-a9ec-e54d922d2c00"

// contactID is where the user's contact row is, or will be.
func (u User) contactID() guid {
	if g, ok := parseGUID(u.Contact); ok {
		return g
	}
	if u.Login == "Supervisor" {
		g, _ := parseGUID(supervisorContact)
		return g
	}
	return namedID("contact of " + u.Login)
}

// namedID is a stable id for something this package makes itself.
func namedID(name string) guid {
	return guid(uuid.NewSHA1(uuid.NameSpaceURL, []byte("creatiosim:"+name)))
}

// newID is a random id, as the product makes them.
func newID() string { return uuid.NewString() }
