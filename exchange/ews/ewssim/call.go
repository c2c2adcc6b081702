package ewssim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// incoming is a request that has been read.
type incoming struct {
	*http.Request
	acct      *account
	body      []byte
	began     time.Time
	at        time.Time // when it is done, if that is said already
	header    *node
	req       *node
	op        string // CreateItem, GetItem, …; "" when it could not be read
	malformed bool
	stopped   bool // only the first part is to be done
	logged    *Request
	err       error
}

// read takes the envelope apart and checks what is inside of it.
func (in *incoming) read(s *Sim) {
	root, err := parseXML(in.body)
	if err != nil || !strings.HasPrefix(in.Header.Get("Content-Type"), "text/xml") {
		in.malformed = true
		return
	}
	var body *node
	for _, k := range root.kids {
		switch {
		case k.name == "s:Header" && body == nil:
			in.header = k
		case k.name == "s:Body" && body == nil:
			body = k
		default:
			in.err = faultOf("ErrorInvalidRequest", "The request is invalid.")
		}
	}
	if root.name != "s:Envelope" || body == nil || len(body.kids) != 1 {
		in.err = faultOf("ErrorInvalidRequest", "The request is invalid.")
		return
	}
	in.req = body.kids[0]
	op, ok := strings.CutPrefix(in.req.name, "m:")
	if _, known := s.ops[op]; !ok || !known {
		in.err = broken(in.req, "The element '%s' has invalid child element '%s'.", body.name, in.req.name)
		return
	}
	in.op = op
	if in.err == nil {
		in.err = in.check(s)
	}
}

func (in *incoming) check(s *Sim) error {
	if err := checkAction(in.Header.Get("SOAPAction"), in.op); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, h := range in.header.all() {
		if seen[h.name] {
			return faultOf("ErrorDuplicateSOAPHeader", "Duplicate SOAP header %s.", h.name)
		}
		seen[h.name] = true
		if _, known := s.grammar.elements[h.name]; known {
			if err := s.grammar.check(h); err != nil {
				return err
			}
		} else if h.name != "t:RequestServerVersion" && h.at("s:mustUnderstand") == "1" {
			return faultOf("ErrorInvalidRequest", "SOAP header %s was not understood.", h.name)
		}
	}
	if v := in.header.kid("RequestServerVersion"); v != nil && !slices.Contains(versions(), v.at("Version")) {
		return faultOf("ErrorInvalidServerVersion", "The specified server version is invalid.")
	}
	return s.grammar.check(in.req)
}

// checkAction compares the SOAPAction header, which may be missing, with the body.
func checkAction(action, op string) error {
	action = strings.Trim(action, `"`)
	if action == "" || action == nsMessages+"/"+op {
		return nil
	}
	return faultOf("ErrorInvalidRequest", "The SOAP action %q does not fit the request.", action)
}

// versions are those that a client may ask for. Exchange 2016 and 2019 take their own names, too.
func versions() []string {
	return []string{"Exchange2007", "Exchange2007_SP1", "Exchange2010", "Exchange2010_SP1", "Exchange2010_SP2", "Exchange2013",
		"Exchange2013_SP1", "Exchange2015", "Exchange2016", "V2015_10_05", "V2016_01_06", "V2016_04_13", "V2016_07_13",
		"V2016_10_10", "V2017_01_07", "V2017_04_14", "V2017_07_11"}
}

// call is a request under way.
type call struct {
	*Sim
	in     *incoming
	req    *node
	acct   *account
	box    *mailbox       // whose mailbox a distinguished folder means; nil for an account without
	zone   *time.Location // for wall clocks without zone
	zoneID string
	now    time.Time
	out    http.Header
	old    bool // asked for Exchange 2007, which knows no StartTimeZone
}

type operation struct {
	run    func(c *call) (*node, error) // under Sim.mu
	direct func(c *call) reply
}

func (s *Sim) newCall(in *incoming) (*call, error) {
	c := &call{Sim: s, in: in, req: in.req, acct: in.acct, zone: time.UTC, now: in.at, out: http.Header{}}
	if c.now.IsZero() {
		c.now = s.opt.Now()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if c.box, err = s.actAs(in.acct, in.header); err != nil {
		return nil, err
	}
	c.old = strings.HasPrefix(in.header.kid("RequestServerVersion").at("Version"), "Exchange2007")
	if tz := in.header.path("TimeZoneContext", "TimeZoneDefinition"); tz != nil {
		if c.zone, c.zoneID, err = readZone(tz); err != nil {
			err.(*failure).fault = true
			return nil, err
		}
	}
	return c, nil
}

// readZone finds the zone that a definition names. Definitions without a known id are refused, which the product would
// not always do; the programs that judge us send ids.
func readZone(def *node) (*time.Location, string, error) {
	id := def.at("Id")
	loc, ok := zoneOf(id)
	if !ok {
		return nil, "", fail("ErrorTimeZone", "The time zone %q is not supported.", id)
	}
	if id == "tzone://Microsoft/Utc" {
		id = "UTC"
	}
	return loc, id, nil
}

// operations are all that are answered, by the name of the request element.
func operations() map[string]operation {
	ops := map[string]operation{}
	for _, group := range []map[string]func(c *call) (*node, error){folderOperations(), itemOperations(), otherOperations()} {
		for name, run := range group {
			ops[name] = operation{run: run}
		}
	}
	ops["GetStreamingEvents"] = operation{direct: (*call).streamEvents}
	return ops
}

// each runs do for each of a list and makes a response message of what it returns; empty is what a failed one shows.
func (c *call) each(op string, list []*node, empty []*node, do func(n *node) ([]*node, error)) (*node, error) {
	var out []*node
	for i, n := range list {
		if i > 0 && c.in.stopped {
			out = append(out, problem(op, fail("ErrorBatchProcessingStopped", "Batch processing has been stopped."), empty))
			continue
		}
		kids, err := do(n)
		if err == nil {
			out = append(out, success(op, kids))
			continue
		}
		f := asFailure(err)
		if f.fault {
			return nil, err
		}
		out = append(out, problem(op, f, empty))
	}
	return respond(op, out), nil
}

// openBox says whether the caller may open a mailbox.
func (c *call) openBox(b *mailbox) error {
	if b == c.box || may(c.acct.delegate, b.Address) {
		return nil
	}
	return fail("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
}

// boxAt is the mailbox with an index that an id showed.
func (c *call) boxAt(index int) (*mailbox, error) {
	if index >= len(c.boxes) {
		return nil, fail("ErrorInvalidIdMalformed", "Id is malformed.")
	}
	b := c.boxes[index]
	return b, c.openBox(b)
}

// findFolder finds what a FolderId or DistinguishedFolderId means.
func (c *call) findFolder(id *node) (*folder, error) {
	if id.local() == "DistinguishedFolderId" {
		return c.findDistinguished(id)
	}
	if id.local() != "FolderId" {
		return nil, fail("ErrorInvalidFolderId", "The folder id %s is not supported.", id.local())
	}
	t, err := c.decodeID(id.at("Id"))
	if err != nil {
		return nil, err
	}
	if t.kind != 'f' {
		return nil, fail("ErrorCannotUseItemIdForFolderId", "Cannot use item id for folder id.")
	}
	b, err := c.boxAt(t.box)
	if err != nil {
		return nil, err
	}
	f := b.folders[t.num]
	if f == nil {
		return nil, fail("ErrorFolderNotFound", "The specified folder could not be found in the store.")
	}
	return f, nil
}

func (c *call) findDistinguished(id *node) (*folder, error) {
	b := c.box
	if address := id.str("Mailbox", "EmailAddress"); address != "" {
		if b = c.boxByAddress(address); b == nil {
			return nil, fail("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
		}
		if err := c.openBox(b); err != nil {
			return nil, err
		}
	}
	if b == nil {
		return nil, fail("ErrorMissingEmailAddress", "When making a request as an account that does not have a mailbox, you must specify the mailbox primary SMTP address for any distinguished folder Ids.")
	}
	f := b.named[id.at("Id")]
	if f == nil {
		return nil, fail("ErrorFolderNotFound", "The specified folder could not be found in the store.")
	}
	return f, nil
}

// target is the folder inside of a TargetFolderIdType.
func (c *call) target(n *node) (*folder, error) { return c.findFolder(n.first()) }

// mustBox is the caller's mailbox for operations that mean no other.
func (c *call) mustBox() (*mailbox, error) {
	if c.box == nil {
		return nil, fail("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
	}
	return c.box, nil
}

func boolText(b bool) string { return fmt.Sprint(b) }

func isTrue(v string) bool { return v == "true" || v == "1" }
