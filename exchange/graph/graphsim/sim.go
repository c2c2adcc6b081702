package graphsim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"crmbridge/internal/simkit"
)

// Sim is a simulated service with one tenant. All methods may be called concurrently; Close ends it.
type Sim struct {
	opt     Options
	model   *model
	grants  grants
	limits  limits
	faults  *simkit.Faults[Fault]
	stats   simkit.Memory[LogEntry, Mail]
	tickets atomic.Int64 // numbers given
	subs    subscriptions

	mu      sync.Mutex
	boxes   []*mailbox
	uploads map[string]*upload // by token
}

// New makes a service with the options' people and applications, and in each mailbox the default calendar, contact folder,
// task list and mail folders.
func New(opt Options) (*Sim, error) {
	opt.setDefaults()
	m, err := parseTypes(typeTable + strings.TrimPrefix(furtherTypes, "\n"))
	if err != nil {
		return nil, err
	}
	s := &Sim{opt: opt, model: m, uploads: map[string]*upload{}}
	s.faults, s.stats.Keep = newFaults(opt.Rand), maxLog
	s.limits.now, s.limits.slots, s.limits.rate = opt.Now, opt.Concurrency, opt.Rate
	s.grants.tokens, s.grants.assertions = map[string]*grant{}, map[string]struct{}{}
	s.grants.codes, s.grants.refresh = map[string]*code{}, map[string]*grant{}
	for _, app := range opt.Apps {
		if err := s.SetApp(app); err != nil {
			return nil, err
		}
	}
	for _, u := range opt.Users {
		if err := s.AddUser(u); err != nil {
			return nil, err
		}
	}
	s.subs.start(s)
	return s, nil
}

// Close stops the delivery of notifications; requests are answered all the same.
func (s *Sim) Close() error {
	s.subs.stop()
	return nil
}

// AddUser adds a person to the tenant.
func (s *Sim) AddUser(u User) error {
	z := utc()
	if u.Zone != "" {
		var ok bool
		if z, ok = parseZone(u.Zone); !ok {
			return fmt.Errorf("graphsim: unknown time zone %q", u.Zone)
		}
	}
	if u.FullName == "" {
		u.FullName = u.Name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Name == "" || s.boxOf(u.Name) != nil {
		return fmt.Errorf("graphsim: user %q is there already or has no name", u.Name)
	}
	no := uint32(len(s.boxes) + 1)
	b := &mailbox{user: u, id: guid(s.seal([]byte("user " + u.Name))), no: no, zone: z, folders: map[uint32]*folder{}, items: map[uint32]*item{},
		defs: map[kind]*folder{}, named: map[string]*folder{}, used: map[string]posted{}, rounds: map[string]*round{}}
	now := s.opt.Now()
	b.defs[kindEvent] = b.newFolder(kindEvent, nil, object{"name": "Calendar", "color": "auto"}, now)
	b.defs[kindContact] = b.newFolder(kindContact, nil, object{"displayName": "Contacts"}, now)
	b.defs[kindTask] = b.newFolder(kindTask, nil, object{"displayName": "Tasks"}, now)
	b.defs[kindTask].shown = "defaultList"
	b.newFolder(kindTask, nil, object{"displayName": "Flagged Emails"}, now).shown = "flaggedEmails"
	b.makeMailFolders(now)
	s.boxes = append(s.boxes, b)
	return nil
}

// boxOf finds a mailbox by its user's id or name, whose case does not matter. Sim.mu is held.
func (s *Sim) boxOf(name string) *mailbox {
	for _, b := range s.boxes {
		if strings.EqualFold(b.user.Name, name) || strings.EqualFold(b.id, name) {
			return b
		}
	}
	return nil
}

// guid writes 16 bytes of b as a GUID.
func guid(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// ServeHTTP answers as the login and API hosts would, which are one here.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rest, ok := strings.CutPrefix(r.URL.Path, "/__sim/"); ok {
		s.serveControl(w, r, rest)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.opt.MaxBody))
	req := s.newRequest(r, body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.write(w, req, s.refused(req, refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request body is too large.")))
		return
	case err != nil:
		return // the client has gone
	}
	s.serve(w, req)
}

// serve does one request from the wire: limits, failures on demand, the work, and what the failures leave of the answer.
func (s *Sim) serve(w http.ResponseWriter, req *request) {
	release, r := s.enter(req)
	if r != nil {
		ans := s.refused(req, r)
		s.record(req, ans.status, "")
		s.write(w, req, ans)
		return
	}
	defer release()
	hit := s.striking(req)
	if s.failBefore(w, req, hit) {
		return
	}
	s.failAfter(w, req, hit, s.route(req))
}

// route finds who answers a path.
func (s *Sim) route(req *request) answer {
	switch {
	case req.kind == "token":
		return s.token(req)
	case req.kind == "authorize":
		return s.authorize(req)
	case req.kind == "upload":
		s.mu.Lock()
		defer s.mu.Unlock()
		ans, r := s.serveUpload(req)
		if r != nil {
			return s.refused(req, r)
		}
		return ans
	case req.kind == "other":
		return answer{status: http.StatusNotFound}
	}
	if r := s.authenticate(req); r != nil {
		return s.refused(req, r)
	}
	if req.kind == "batch" {
		return s.batch(req)
	}
	ans, r := s.handle(req)
	if r != nil {
		return s.refused(req, r)
	}
	return ans
}

// handle does one API request whose sender is known, from the wire or from a batch.
func (s *Sim) handle(req *request) (answer, *refusal) {
	if req.bad != nil {
		return answer{}, req.bad
	}
	if req.kind == "subscriptions" {
		return s.serveSubscriptions(req) // locks by itself: it calls the notification URL
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ans, r := s.resource(req)
	return ans, r
}

// Tenant is the id of the tenant.
func (s *Sim) Tenant() string { return s.opt.Tenant }
