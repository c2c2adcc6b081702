package ews

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// hub watches a mailbox: one subscription and one open connection for all that ask (Exchange allows ten connections of an account, and
// some servers three). It runs while somebody watches.
type hub struct {
	account *account
	log     *slog.Logger
	silence time.Duration // how long a stream may say nothing

	mu       sync.Mutex
	watchers []*watcher
	stop     context.CancelFunc // of the goroutine; nil: none runs
	done     chan struct{}      // closed when it has ended
	closed   bool
}

// watcher is one Watch.
type watcher struct {
	wants  func(folder string) bool
	hint   func()
	failed chan error // gets at most one
}

func newHub(a *account, log *slog.Logger) *hub { return &hub{account: a, log: log, silence: silence} }

// watched is a mailbox that tells of changes. Exchange gives delegates no subscriptions (ErrorSubscriptionDelegateAccessNotSupported).
type watched struct{ *mail }

var _ remote.Watcher = watched{}

const opWatch = "ews: watch"

// Watch implements remote.Watcher by streaming notifications. The first hint comes when the subscription stands, for what happened
// before it did. Where the stream is another link's and that link is closed, it goes on by one of its own.
func (m watched) Watch(ctx context.Context, c remote.CollectionID, hint func()) error {
	for {
		h := m.streams.of(m.mail)
		if h == nil {
			return pim.Errorf(opWatch, pim.ErrUnavailable, "stopped")
		}
		if err := m.watchBy(ctx, h, c, hint); !h.isClosed() || ctx.Err() != nil {
			return err
		}
	}
}

func (m watched) watchBy(ctx context.Context, h *hub, c remote.CollectionID, hint func()) error {
	w := &watcher{wants: m.shows(c), hint: hint, failed: make(chan error, 1)}
	runs, err := h.join(ctx, w)
	if err != nil {
		return err
	}
	defer h.leave(w)
	if runs {
		hint()
	}
	select {
	case <-ctx.Done():
		return stopped(ctx.Err())
	case <-m.closed:
		return pim.Errorf(opWatch, pim.ErrUnavailable, "stopped")
	case err := <-w.failed:
		return err
	}
}

func stopped(err error) error {
	return &pim.Error{Op: opWatch, Kind: pim.ErrUnavailable, Public: "stopped", Err: err}
}

// join adds a watcher and starts the stream when it is the first; runs is true for the others.
func (h *hub) join(ctx context.Context, w *watcher) (runs bool, err error) {
	for {
		h.mu.Lock()
		if h.closed {
			h.mu.Unlock()
			return false, pim.Errorf(opWatch, pim.ErrUnavailable, "stopped")
		}
		ending := h.done
		if h.stop != nil || ending == nil {
			break
		}
		h.mu.Unlock()
		select {
		case <-ending: // the last stream is on its way out
		case <-ctx.Done():
			return false, stopped(ctx.Err())
		}
		h.mu.Lock()
		if h.done == ending {
			h.done = nil
		}
		h.mu.Unlock()
	}
	defer h.mu.Unlock()
	h.watchers = append(h.watchers, w)
	if h.stop != nil {
		return true, nil
	}
	streaming, stop := context.WithCancel(context.WithoutCancel(ctx)) // it is of all who watch
	h.stop, h.done = stop, make(chan struct{})
	go h.run(streaming, h.done)
	return false, nil
}

func (h *hub) isClosed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// leave removes a watcher and ends the stream when it was the last.
func (h *hub) leave(w *watcher) {
	h.mu.Lock()
	h.watchers = slices.DeleteFunc(h.watchers, func(o *watcher) bool { return o == w })
	h.end(len(h.watchers) == 0)
	h.mu.Unlock()
}

// end stops the stream; h.mu is held.
func (h *hub) end(now bool) {
	if now && h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	h.end(true)
	done := h.done
	h.mu.Unlock()
	if done != nil {
		<-done
	}
}

// run streams until nobody watches any more or it fails; then the watchers are told.
func (h *hub) run(ctx context.Context, done chan struct{}) {
	defer close(done)
	err := h.guarded(ctx)
	if ctx.Err() == nil {
		h.log.DebugContext(ctx, "ews: the stream of notifications ended", slog.String("reason", string(pim.ReasonOf(err))))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done == done {
		h.end(true)
		h.done = nil
	}
	if pe := (*pim.Error)(nil); !errors.As(err, &pe) {
		err = stopped(err)
	}
	for _, w := range h.watchers {
		select {
		case w.failed <- err:
		default:
		}
	}
}

// guarded turns a panic of ours into an error.
func (h *hub) guarded(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			h.log.ErrorContext(ctx, "ews: watching panicked", slog.String("panic", pim.PanicWords(r)))
			err = &pim.Error{Op: opWatch, Kind: pim.ErrInternal, Err: errors.New("panic: " + pim.PanicWords(r))}
		}
	}()
	return h.follow(ctx)
}

// tell hints those who watch one of the folders; nil is all.
func (h *hub) tell(folders []string) {
	h.mu.Lock()
	var hints []func()
	for _, w := range h.watchers {
		if folders == nil || slices.ContainsFunc(folders, w.wants) {
			hints = append(hints, w.hint)
		}
	}
	h.mu.Unlock()
	for _, hint := range hints {
		hint()
	}
}

const (
	// streamMinutes is how long a connection stays open, of 30 that Exchange allows.
	streamMinutes = 29
	// silence is how long a live connection says nothing: Exchange sends a StatusEvent in less than a minute.
	silence = 3 * time.Minute
	// vain is how many connections in a row may end without having told anything.
	vain = 3
)

// lost are the codes of subscriptions that Exchange has forgotten, or that missed something.
var lost = []string{
	"ErrorSubscriptionNotFound", "ErrorInvalidSubscription", "ErrorExpiredSubscription", "ErrorSubscriptionUnsubscribed",
	"ErrorReadEventsFailed", "ErrorMissedNotificationEvents", "ErrorInvalidWatermark", "ErrorProxiedSubscriptionCallFailure",
}

// follow subscribes and reads, again and again: connections end by the clock, subscriptions get lost when a mailbox changes servers.
func (h *hub) follow(ctx context.Context) error {
	at, err := h.account.endpoint(ctx)
	if err != nil {
		return err
	}
	// A subscription lives on one server; its cookie (X-BackEndOverrideCookie) leads there.
	at.client = at.client.Session()
	subscription, whole := "", true
	for idle := 0; idle < vain; idle++ {
		if subscription == "" {
			if subscription, err = h.subscribe(ctx, at); err != nil {
				return err
			}
			h.tell(nil)
		}
		var told bool
		told, whole, err = h.read(ctx, at, subscription, whole)
		if told {
			idle = -1
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
		case slices.Contains(lost, codeOf(err)):
			subscription = ""
		case pim.ReasonOf(err) == pim.ErrUnavailable && told: // broke off or fell silent: its subscription may live on
		default:
			return err
		}
	}
	if err == nil {
		err = pim.Errorf(opWatch, pim.ErrUnavailable, "Exchange ends the stream of notifications at once")
	}
	return err
}

// subscribe asks for the events of all folders. Those of folders that nobody watches are passed over: a subscription would have to be
// made anew whenever somebody begins to.
func (h *hub) subscribe(ctx context.Context, at endpoint) (string, error) {
	types := node("t:EventTypes")
	for _, t := range []string{"CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent"} {
		types.kids = append(types.kids, leaf("t:EventType", t))
	}
	r := h.account.http1(at, request{op: opWatch, body: node("m:Subscribe", node("m:StreamingSubscriptionRequest", types).with("SubscribeToAllFolders", "true"))})
	resp, err := h.account.login.do(ctx, at.client, affine(r))
	if err != nil {
		return "", err
	}
	a, err := judge(opWatch, resp)
	if err != nil {
		return "", err
	}
	msg, err := a.only(opWatch)
	if err != nil {
		return "", err
	}
	if msg.SubscriptionID == "" {
		return "", pim.Errorf(opWatch, pim.ErrProtocol, "Exchange's answer is incomplete")
	}
	return msg.SubscriptionID, nil
}

// affine asks to be led to one and the same server.
func affine(r upstream.Request) upstream.Request {
	r.Header.Set("X-PreferServerAffinity", "true")
	return r
}

// read reads one connection to its end; told says that Exchange had something to say on it, and whole that it ended it. What it told at
// the end of one that it did not end may have come to nobody: then, before not being whole, all are told when this one stands.
func (h *hub) read(ctx context.Context, at endpoint, subscription string, before bool) (told, whole bool, err error) {
	r := affine(h.account.http1(at, request{op: opWatch, body: node("m:GetStreamingEvents",
		node("m:SubscriptionIds", leaf("t:SubscriptionId", subscription)), leaf("m:ConnectionTimeout", strconv.Itoa(streamMinutes)))}))
	body, err := h.account.stream(ctx, at, r, h.silence)
	if err != nil {
		return false, before, err
	}
	defer func() { _ = body.Close() }()
	d := decoder(body)
	for {
		a, err := nextEnvelope(d)
		if errors.Is(err, io.EOF) {
			return told, !told && before, nil
		}
		if err != nil {
			return told, !told && before, err
		}
		closed, err := h.take(a)
		if err != nil {
			return told, before, err
		}
		if !told && !before {
			h.tell(nil)
		}
		told = true
		if closed {
			return true, true, nil
		}
	}
}

// nextEnvelope reads one of the envelopes that come one after the other. Between them there is nothing but declarations and blanks.
func nextEnvelope(d *xml.Decoder) (a answer, err error) {
	for {
		t, err := d.Token()
		if err != nil {
			return a, streamFault(err)
		}
		if start, ok := t.(xml.StartElement); ok {
			return a, streamFault(d.DecodeElement(&a, &start))
		}
	}
}

func streamFault(err error) error {
	var pe *pim.Error
	if err == nil || errors.Is(err, io.EOF) || errors.As(err, &pe) {
		return err
	}
	return &pim.Error{Op: opWatch, Kind: pim.ErrProtocol, Public: "Exchange's notifications are not readable", Err: err}
}

// take passes on what an envelope tells.
func (h *hub) take(a answer) (closed bool, err error) {
	if a.Body.Fault != nil {
		return false, a.Body.Fault.err(opWatch)
	}
	for i := range a.Body.Response.Messages.List {
		msg := &a.Body.Response.Messages.List[i]
		if err := msg.err(opWatch); err != nil {
			return false, err
		}
		folders := []string{}
		for _, n := range msg.Notifications.List {
			for _, e := range n.Events {
				folders = e.concerns(folders)
			}
		}
		h.tell(folders)
		closed = closed || msg.Connection == "Closed"
	}
	return closed, nil
}

// concerns adds the folders that an event is about, or makes it all (nil): where folders come, go and move, who watches all of them has
// to look. That a folder's own properties changed is told beside whatever changes in it, and concerns nobody.
func (e event) concerns(folders []string) []string {
	switch {
	case folders == nil, e.Folder.ID != "" && e.XMLName.Local != "ModifiedEvent":
		return nil
	case e.Folder.ID != "":
		return folders
	}
	return append(folders, e.Parent.ID, e.OldParent.ID)
}
