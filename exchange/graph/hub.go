package graph

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// Hub is where Microsoft reaches us: the handler of the address that is given as notify_url. The program serves it, at an address with
// HTTPS and a certificate that the world trusts, and gives it to DriverWith. Without one the driver asks for changes by itself.
//
// What comes in is believed to be a hint at most, and only with a state that we gave out: anybody can call the address.
type Hub struct {
	mu      sync.Mutex
	waiting map[string]func(lifecycle string)
}

// NewHub makes one that nobody waits at.
func NewHub() *Hub { return &Hub{waiting: map[string]func(string){}} }

// wait calls told, which must not block, for each notification with a state, until leave is called.
func (h *Hub) wait(state string, told func(lifecycle string)) (leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting[state] = told
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waiting, state)
	}
}

func (h *Hub) tell(state, lifecycle string) {
	h.mu.Lock()
	told := h.waiting[state]
	h.mu.Unlock()
	if told != nil {
		told(lifecycle)
	}
}

const (
	maxNotifications = 1 << 20 // bytes of a call
	maxToken         = 2048    // bytes of a validation token
)

// notification is what is read of a changeNotification.
type notification struct {
	State     string `json:"clientState"`
	Lifecycle string `json:"lifecycleEvent"`
}

// ServeHTTP implements http.Handler ("Receive change notifications through webhooks"): a new subscription is validated by saying its
// token back, and whatever else comes is taken at once, for a slow answer is a failed one.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if token := r.URL.Query().Get("validationToken"); token != "" {
		if len(token) > maxToken {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, token) // who asked may have gone away
		return
	}
	var in struct {
		Value []notification `json:"value"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxNotifications)).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, n := range in.Value {
		h.tell(n.State, n.Lifecycle)
	}
	w.WriteHeader(http.StatusAccepted)
}
