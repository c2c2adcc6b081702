package graph

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// HubOptions are what a Hub gets from the program.
type HubOptions struct {
	// URL is the address at which the program serves the hub, for links that name none themselves: https, as Microsoft reaches it.
	URL string
	// Seal and Open keep a text from being read or made by others (an authenticated cipher). Processes that share a database
	// share the key, so that each of them knows the states that the others gave out.
	Seal func(plain []byte) ([]byte, error)
	Open func(sealed []byte) ([]byte, error)
	// Hint has a link synced that no watch of this process is on. It is called by the request and has two seconds.
	Hint func(ctx context.Context, link string) error
	// Network is whom a request counts for; nil counts all together.
	Network func(*http.Request) string
	Now     func() time.Time
	Log     *slog.Logger
}

// Hub is where Microsoft reaches us: the handler of the address for notifications. The program serves it, at an address with
// HTTPS and a certificate that the world trusts, and gives it to DriverWith. Without one the driver asks for changes by itself.
//
// What comes in is believed to be a hint at most, and only with a state that we gave out: anybody can call the address. A state is
// a link's name, sealed, so that whichever of several processes is reached knows whom a notification is for, and
// nothing has to be kept.
type Hub struct {
	o        HubOptions
	throttle *throttle
	reading  chan struct{} // places for bodies

	mu      sync.Mutex
	waiting map[string]map[*listener]struct{} // by link

	refusals refusals
}

// listener is one watch that waits.
type listener struct{ told func(notice) }

// notice is what is known of a notification.
type notice struct {
	subscription string // as it says itself
	lifecycle    string // "" is a change
}

const (
	maxNotifications = 1 << 20 // bytes of a call
	maxNotices       = 4096    // notifications in a call, more than fit in when they are Microsoft's: each has some 400 bytes
	maxToken         = 2048    // bytes of a validation token
	maxWrong         = 10      // wrong states of a call that are looked at
	bodiesAtOnce     = 32
	bodyTime         = 10 * time.Second
	hintTime         = 2 * time.Second // Microsoft waits three for an answer
)

// NewHub makes one that nobody waits at.
func NewHub(o HubOptions) *Hub {
	if o.Network == nil {
		o.Network = func(*http.Request) string { return "" }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Hub{o: o, throttle: newThrottle(), reading: make(chan struct{}, bodiesAtOnce), waiting: map[string]map[*listener]struct{}{}}
}

// state is a new clientState for a link: no two are the same. Graph takes 128 characters.
func (h *Hub) state(link string) (string, error) {
	sealed, err := h.o.Seal([]byte(link + "\x00" + rand.Text()[:8]))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// linkOf is whose a state is. Nothing about a wrong one is told by the time it takes: it is authenticated, not looked up.
func (h *Hub) linkOf(state string) (link string, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(state)
	if err != nil || state == "" {
		return "", false
	}
	plain, err := h.o.Open(sealed)
	if err != nil {
		return "", false
	}
	link, _, ok = strings.Cut(string(plain), "\x00")
	return link, ok
}

// wait calls told, which must not block, for each notification for a link, until leave is called.
func (h *Hub) wait(link string, told func(notice)) (leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting[link] == nil {
		h.waiting[link] = map[*listener]struct{}{}
	}
	l := &listener{told}
	h.waiting[link][l] = struct{}{}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if delete(h.waiting[link], l); len(h.waiting[link]) == 0 {
			delete(h.waiting, link)
		}
	}
}

// tell wakes the watches of a link, and the relay where there is none.
func (h *Hub) tell(ctx context.Context, link string, n notice) error {
	h.mu.Lock()
	all := make([]*listener, 0, len(h.waiting[link]))
	for l := range h.waiting[link] {
		all = append(all, l)
	}
	h.mu.Unlock()
	for _, l := range all {
		l.told(n)
	}
	if len(all) > 0 || h.o.Hint == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, hintTime)
	defer cancel()
	return h.o.Hint(ctx, link)
}

// notification is what is read of a changeNotification.
type notification struct {
	State        string `json:"clientState"`
	Subscription string `json:"subscriptionId"`
	Lifecycle    string `json:"lifecycleEvent"`
}

// notifications are those of a call. There are maxNotices at most: empty ones, which anybody can send, would take many times the
// memory of their text.
type notifications []notification

var errTooMany = errors.New("graph: too many notifications in a call")

// UnmarshalJSON implements json.Unmarshaler.
func (all *notifications) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	switch t, err := d.Token(); {
	case err != nil:
		return err
	case t != json.Delim('['):
		return errors.New("graph: notifications are no list")
	}
	for d.More() {
		if len(*all) == maxNotices {
			return errTooMany
		}
		var n notification
		if err := d.Decode(&n); err != nil {
			return err
		}
		*all = append(*all, n)
	}
	return nil
}

// ServeHTTP implements http.Handler ("Receive change notifications through webhooks"): a new subscription is validated by saying its
// token back, and whatever else comes is taken at once, for a slow answer is a failed one. What has no state of ours is refused.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if !h.throttle.take(h.o.Network(r), h.o.Now()) {
		comeBack(w, http.StatusTooManyRequests)
		return
	}
	if token := r.URL.Query().Get("validationToken"); token != "" {
		validate(w, token)
		return
	}
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	default:
		comeBack(w, http.StatusServiceUnavailable)
		return
	}
	// Not every writer can; the server's own time bounds it then.
	_ = http.NewResponseController(w).SetReadDeadline(h.o.Now().Add(bodyTime))
	var in struct {
		Value notifications `json:"value"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxNotifications)).Decode(&in); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) || errors.Is(err, errTooMany) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.take(w, r, in.Value)
}

func validate(w http.ResponseWriter, token string) {
	if len(token) > maxToken {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, token) // who asked may have gone away
}

func comeBack(w http.ResponseWriter, status int) {
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(status)
}

// take passes notifications on. Graph puts those of many subscriptions into one call, a link's many changes among them.
func (h *Hub) take(w http.ResponseWriter, r *http.Request, all []notification) {
	good, wrong := 0, 0
	known := map[string]string{}
	told := map[[3]string]bool{}
	for _, n := range all {
		link, seen := known[n.State]
		if !seen {
			var ok bool
			if link, ok = h.linkOf(n.State); !ok {
				if wrong++; wrong >= maxWrong {
					break
				}
				continue
			}
			known[n.State] = link
		}
		good++
		key := [3]string{link, n.Subscription, n.Lifecycle}
		if told[key] {
			continue
		}
		told[key] = true
		if err := h.tell(r.Context(), link, notice{n.Subscription, n.Lifecycle}); err != nil {
			h.o.Log.WarnContext(r.Context(), "graph: a notification is asked for again", "link", link, "err", err)
			comeBack(w, http.StatusServiceUnavailable)
			return
		}
	}
	if wrong > 0 {
		h.refusals.note(r.Context(), h.o.Log, h.o.Now(), wrong)
	}
	if wrong > 0 && good == 0 {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}
