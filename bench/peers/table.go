package peers

// The account of every server.
const (
	User     = "ann"
	Password = "secret"
)

// Peer is what is to be known of one server. What a measurement has to do otherwise
// with one server than with another stands here and nowhere else.
type Peer struct {
	Name    string // argument of peers.sh
	Title   string
	Package string // whose version is shown
	// Calendar and Book are the paths of the collections, which do not exist yet.
	Calendar, Book string
	// Durable says whether a write is on the disk when it is answered.
	Durable bool
	// Storage is what writes go to.
	Storage string
	// Coarse sync tokens are told apart by the second, so two changes have to be
	// further apart than that.
	Coarse bool
	// NoKeepAlive: a connection is for one request. The server cuts off the next one now
	// and then.
	NoKeepAlive bool
	// Collation of text matches: i;unicode-casemap where it is known.
	Collation string
	Filling   Filling
	Note      string // "" or what else makes a difference
}

// Filling is how many objects get into a collection in little time.
type Filling int

// The ways of filling.
const (
	ByPut   Filling = iota // a PUT for each object
	AtOnce                 // one PUT of all to the collection, which names them by their UIDs
	AsFiles                // as files in the collection's folder, committed where that is a Git work tree
)

const (
	unicodeCasemap = "i;unicode-casemap"
	asciiCasemap   = "i;ascii-casemap"
)

// Table is the peers in the order in which they are shown.
func Table() []Peer {
	return []Peer{
		{Name: "radicale", Title: "Radicale", Package: "radicale", Calendar: "/ann/calendar/", Book: "/ann/people/",
			Durable: true, Storage: "a file for each object", Collation: unicodeCasemap, Filling: AsFiles, Note: "its own server of one process"},
		{Name: "xandikos", Title: "Xandikos", Package: "xandikos", Calendar: "/ann/calendars/bench/", Book: "/ann/contacts/people/",
			Storage: "a Git commit for each write", Collation: asciiCasemap, Filling: AsFiles, Note: "its own server of one process; it checks no password"},
		{Name: "davical", Title: "DAViCal", Package: "davical", Calendar: "/caldav.php/ann/bench/", Book: "/caldav.php/ann/people/",
			Durable: true, Storage: "PostgreSQL", Coarse: true, Collation: unicodeCasemap, Filling: AtOnce, Note: "Apache with mod_php and its opcode cache"},
		{Name: "sogo", Title: "SOGo", Package: "sogo", Calendar: "/SOGo/dav/ann/Calendar/bench/", Book: "/SOGo/dav/ann/Contacts/people/",
			Durable: true, Storage: "PostgreSQL", Coarse: true, NoKeepAlive: true, Collation: unicodeCasemap,
			Note: "three workers and memcached; no proxy before it; a connection for each request, as it cuts off kept ones"},
		{Name: "cyrus", Title: "Cyrus", Package: "cyrus-imapd", Calendar: "/dav/calendars/user/ann/bench/", Book: "/dav/addressbooks/user/ann/people/",
			Durable: true, Storage: "a file for each object, and indexes", Collation: unicodeCasemap, Note: "its own master and processes"},
	}
}
