package ewssim

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"
)

// subscription is a place in the log of changes from which events are told.
type subscription struct {
	id        string
	login     string
	box       *mailbox
	folders   []*folder // nil for all
	events    []string
	streaming bool
	seen      uint64 // changes up to here have been told
	minutes   int    // a pull subscription that nobody asks for so long ends
	asked     time.Time
	backend   string
}

func (c *call) subscribe() (*node, error) {
	const op = "Subscribe"
	sub, err := c.newSubscription(c.req.first())
	if err != nil {
		return respond(op, []*node{problem(op, asFailure(err))}), nil
	}
	c.subs[sub.id] = sub
	kids := []any{el("m:SubscriptionId", sub.id)}
	if !sub.streaming {
		kids = append(kids, el("m:Watermark", c.watermark(sub.seen)))
	}
	if strings.EqualFold(c.in.Header.Get("X-PreferServerAffinity"), "true") {
		cookie := http.Cookie{Name: "X-BackEndOverrideCookie", Value: sub.backend, Path: "/"}
		c.out.Add("Set-Cookie", cookie.String())
	}
	return respond(op, []*node{success(op, kids...)}), nil
}

func (c *call) newSubscription(n *node) (*subscription, error) {
	if n.local() == "PushSubscriptionRequest" {
		return nil, fail("ErrorInvalidSubscriptionRequest", "Push subscriptions are not part of this simulator.")
	}
	b, err := c.mustBox()
	if err != nil {
		return nil, err
	}
	count := 0
	for _, s := range c.subs {
		if s.box == b {
			count++
		}
	}
	if count >= c.opt.MaxSubscriptions {
		return nil, fail("ErrorExceededSubscriptionCount", "You have exceeded the available subscriptions for your account. Remove unnecessary subscriptions and try your request again.")
	}
	sub := &subscription{login: c.acct.login, box: b, streaming: n.local() == "StreamingSubscriptionRequest", seen: b.seq, asked: c.now,
		minutes: atoi(n.str("Timeout")), backend: "MAIL01~1"}
	sub.id = "JwBt" + rand.Text() + rand.Text()
	for _, id := range n.kid("FolderIds").all() {
		f, err := c.findFolder(id)
		if err != nil {
			return nil, err
		}
		sub.folders = append(sub.folders, f)
	}
	if (len(sub.folders) == 0) != isTrue(n.at("SubscribeToAllFolders")) {
		return nil, fail("ErrorInvalidSubscriptionRequest", "Either folders or all folders must be subscribed to.")
	}
	for _, e := range n.kid("EventTypes").kids {
		sub.events = append(sub.events, e.text)
	}
	if w := n.str("Watermark"); w != "" {
		if sub.seen, err = c.readWatermark(w); err != nil {
			return nil, err
		}
	}
	return sub, nil
}

func (c *call) watermark(seq uint64) string { return encodeKey('w', seq) }

func (c *call) readWatermark(text string) (uint64, error) {
	seq, err := decodeKey(text)
	if err != nil || text == "" {
		return 0, fail("ErrorInvalidWatermark", "The watermark used for creating this subscription was not found.")
	}
	return seq, nil
}

func (c *call) unsubscribe() (*node, error) {
	const op = "Unsubscribe"
	id := c.req.str("SubscriptionId")
	if sub := c.subs[id]; sub == nil || sub.login != c.acct.login {
		return respond(op, []*node{problem(op, fail("ErrorSubscriptionNotFound", "The specified subscription was not found."))}), nil
	}
	delete(c.subs, id)
	return respond(op, []*node{success(op)}), nil
}

// events are what a subscription has to tell, and the place up to which it then has.
func (s *Sim) events(sub *subscription) ([]*node, uint64) {
	type told struct {
		seq uint64
		n   *node
	}
	var list []told
	for _, f := range sub.box.folders {
		for i := len(f.changes) - 1; i >= 0 && f.changes[i].seq > sub.seen; i-- {
			from := f.changes[i].from
			if sub.folders != nil && !slices.Contains(sub.folders, f) && (from == nil || !slices.Contains(sub.folders, from)) {
				continue
			}
			if n := s.event(sub, f, f.changes[i]); n != nil {
				list = append(list, told{f.changes[i].seq, n})
			}
		}
	}
	for i := len(sub.box.tree) - 1; i >= 0 && sub.box.tree[i].seq > sub.seen; i-- {
		if n := s.folderEvent(sub, sub.box.tree[i]); n != nil {
			list = append(list, told{sub.box.tree[i].seq, n})
		}
	}
	slices.SortFunc(list, func(a, b told) int { return int(a.seq) - int(b.seq) })
	var out []*node
	for _, t := range list {
		out = append(out, t.n)
	}
	return out, sub.box.seq
}

// event is one change as a subscription is told it; nil when it is not. A move is one event, of the folder that an item came
// to, told to the subscribers of either folder.
func (s *Sim) event(sub *subscription, f *folder, ch change) *node {
	name := map[byte]string{'c': "CreatedEvent", 'u': "ModifiedEvent", 'r': "ModifiedEvent", 'd': "DeletedEvent"}[ch.what]
	switch {
	case ch.moved:
		return nil
	case ch.from != nil:
		name = "MovedEvent"
	case ch.what == 'c' && f.dist == "inbox" && slices.Contains(sub.events, "NewMailEvent"):
		name = "NewMailEvent"
	}
	if !slices.Contains(sub.events, name) {
		return nil
	}
	n := el("t:" + name)
	if !sub.streaming {
		n.kids = append(n.kids, el("t:Watermark", encodeKey('w', ch.seq)))
	}
	n.kids = append(n.kids, el("t:TimeStamp", stamp(s.opt.Now())),
		idNode("t:ItemId", s.encodeID(thing{'i', f.box.index, ch.num, 0}), encodeKey('i', ch.seq)), s.folderID("t:ParentFolderId", f))
	if ch.from != nil {
		n.kids = append(n.kids, idNode("t:OldItemId", s.encodeID(thing{'i', f.box.index, ch.was, 0}), encodeKey('i', ch.seq)),
			s.folderID("t:OldParentFolderId", ch.from))
	}
	return n
}

// folderEvent is what became of a folder, told to the subscribers of the one that it is in or came from; nil when it is not.
func (s *Sim) folderEvent(sub *subscription, ch change) *node {
	name := map[byte]string{'c': "CreatedEvent", 'u': "ModifiedEvent", 'd': "DeletedEvent"}[ch.what]
	if ch.from != nil {
		name = "MovedEvent"
	}
	near := sub.folders == nil || slices.Contains(sub.folders, ch.at) || ch.from != nil && slices.Contains(sub.folders, ch.from)
	if ch.at == nil || !near || !slices.Contains(sub.events, name) {
		return nil
	}
	id := s.encodeID(thing{'f', sub.box.index, ch.num, 0})
	n := el("t:" + name)
	if !sub.streaming {
		n.kids = append(n.kids, el("t:Watermark", encodeKey('w', ch.seq)))
	}
	n.kids = append(n.kids, el("t:TimeStamp", stamp(s.opt.Now())), idNode("t:FolderId", id, encodeKey('f', ch.seq)), s.folderID("t:ParentFolderId", ch.at))
	if ch.from != nil {
		n.kids = append(n.kids, idNode("t:OldFolderId", id, encodeKey('f', ch.seq)), s.folderID("t:OldParentFolderId", ch.from))
	}
	return n
}

func (c *call) pullEvents() (*node, error) {
	const op = "GetEvents"
	sub := c.subs[c.req.str("SubscriptionId")]
	if sub == nil || sub.streaming || sub.login != c.acct.login || c.now.Sub(sub.asked) > time.Duration(sub.minutes)*time.Minute {
		return respond(op, []*node{problem(op, fail("ErrorSubscriptionNotFound", "The specified subscription was not found."))}), nil
	}
	from, err := c.readWatermark(c.req.str("Watermark"))
	if err != nil {
		return respond(op, []*node{problem(op, asFailure(err))}), nil
	}
	sub.asked, sub.seen = c.now, from
	list, upTo := c.events(sub)
	if len(list) == 0 {
		list = []*node{el("t:StatusEvent", el("t:Watermark", c.watermark(upTo)))}
	}
	return respond(op, []*node{success(op, el("m:Notification", el("t:SubscriptionId", sub.id),
		el("t:PreviousWatermark", c.req.str("Watermark")), el("t:MoreEvents", "false"), list))}), nil
}

// streamEvents answers GetStreamingEvents: a body that goes on, each piece of it a whole envelope.
func (c *call) streamEvents() reply {
	const op = "GetStreamingEvents"
	c.mu.Lock()
	var subs []*subscription
	var unknown []*node
	for _, n := range c.req.kid("SubscriptionIds").kids {
		sub := c.subs[n.text]
		affine := sub != nil && (!c.opt.Affinity || strings.Contains(c.in.Header.Get("Cookie"), sub.backend))
		if sub == nil || !sub.streaming || sub.login != c.acct.login || !affine {
			unknown = append(unknown, el("t:SubscriptionId", n.text))
			continue
		}
		subs = append(subs, sub)
	}
	c.mu.Unlock()
	switch {
	case len(unknown) > 0:
		return xmlReply(http.StatusOK, respond(op, []*node{problem(op, fail("ErrorInvalidSubscription", "One or more subscriptions in the request are not valid."),
			el("m:ErrorSubscriptionIds", unknown))}))
	case len(c.req.kid("SubscriptionIds").kids) > 200:
		return soapFault(fail("ErrorInvalidRequest", "Too many subscriptions in one request."))
	case !c.hanging.enter(c.acct.login, c.opt.MaxHanging):
		return xmlReply(http.StatusOK, respond(op, []*node{problem(op, fail("ErrorExceededConnectionCount",
			"You have exceeded the available concurrent connections for your account."))}))
	}
	return reply{hanging: func(w http.ResponseWriter, r *http.Request) {
		defer c.hanging.leave(c.acct.login)
		c.stream(w, r, subs, time.Duration(atoi(c.req.str("ConnectionTimeout")))*time.Minute)
	}}
}

// stream writes events as they come, heartbeats between them, and at the end that the connection is closed.
func (c *call) stream(w http.ResponseWriter, r *http.Request, subs []*subscription, limit time.Duration) {
	const op = "GetStreamingEvents"
	wake := make(chan struct{}, 1)
	c.mu.Lock()
	c.listen = append(c.listen, wake)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.listen = slices.DeleteFunc(c.listen, func(ch chan struct{}) bool { return ch == wake })
		c.mu.Unlock()
	}()
	w.Header().Set("Content-Type", contentXML)
	out := http.NewResponseController(w)
	write := func(kids ...any) bool {
		var b bytes.Buffer
		b.Write(c.dressed(envelope(respond(op, []*node{success(op, kids...)}))))
		_, err := w.Write(b.Bytes())
		return err == nil && out.Flush() == nil
	}
	if !write(el("m:ConnectionStatus", "OK")) {
		return
	}
	end := time.NewTimer(limit)
	defer end.Stop()
	beat := time.NewTicker(c.opt.Heartbeat)
	defer beat.Stop()
	for {
		notes := c.notes(subs, false)
		if len(notes) > 0 && !write(el("m:Notifications", notes)) {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-c.done:
			write(el("m:ConnectionStatus", "Closed"))
			return
		case <-end.C:
			write(el("m:ConnectionStatus", "Closed"))
			return
		case <-beat.C:
			if !write(el("m:Notifications", c.notes(subs, true))) {
				return
			}
		case <-wake:
		}
	}
}

// notes are the notifications of some subscriptions; with status also of those that have nothing to tell.
func (c *call) notes(subs []*subscription, status bool) []*node {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*node
	for _, sub := range subs {
		list, upTo := c.events(sub)
		sub.seen = upTo
		if len(list) == 0 && status {
			list = []*node{el("t:StatusEvent")}
		}
		if len(list) > 0 {
			out = append(out, el("t:Notification", el("t:SubscriptionId", sub.id), list))
		}
	}
	return out
}
