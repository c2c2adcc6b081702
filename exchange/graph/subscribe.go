package graph

import (
	"context"
	"time"

	"crmbridge/pim"
)

const (
	// subscriptionLife is the longest that Graph lets a subscription to items of Outlook live ("subscription": 4230 minutes); it is renewed
	// at half of it.
	subscriptionLife = 4230 * time.Minute
	// farewell is how long a watch that ends takes to take its subscription back.
	farewell = 5 * time.Second
)

// subscription is one that Graph has for a watch.
type subscription struct {
	id    string
	until time.Time
}

type subscriptionBody struct {
	ID        string `json:"id,omitempty"`
	Change    string `json:"changeType,omitempty"`
	URL       string `json:"notificationUrl,omitempty"`
	Lifecycle string `json:"lifecycleNotificationUrl,omitempty"`
	Resource  string `json:"resource,omitempty"`
	Expires   string `json:"expirationDateTime"`
	State     string `json:"clientState,omitempty"`
}

func (c *connector) expiry() string {
	return c.env.Now().Add(subscriptionLife).UTC().Format(time.RFC3339)
}

// subscribe asks Graph to tell the hub of changes in a resource. Lifecycle events go to the same address, which can only be said now.
func (c *connector) subscribe(ctx context.Context, resource, state string) (subscription, error) {
	const op = "graph: subscribe"
	a, err := c.send(ctx, request{op: op, method: "POST", path: "/subscriptions", body: subscriptionBody{
		Change: "created,updated,deleted", URL: c.notifyURL, Lifecycle: c.notifyURL, Resource: resource, Expires: c.expiry(), State: state,
	}})
	if err != nil {
		return subscription{}, err
	}
	var made subscriptionBody
	if err := a.written(op, &made); err != nil {
		return subscription{}, err
	}
	return made.subscription(c.env.Now()), nil
}

// subscription reads when it ends; one that does not say so is renewed soon.
func (b subscriptionBody) subscription(now time.Time) subscription {
	until, err := time.Parse(time.RFC3339Nano, b.Expires)
	if err != nil {
		until = now.Add(time.Hour)
	}
	return subscription{b.ID, until}
}

func (c *connector) renew(ctx context.Context, s subscription) (subscription, error) {
	const op = "graph: renew a subscription"
	a, err := c.send(ctx, request{op: op, method: "PATCH", path: "/subscriptions/" + escape(s.id), body: subscriptionBody{Expires: c.expiry()}, again: true})
	if err != nil {
		return s, err
	}
	var now subscriptionBody
	if err := a.JSON(op, &now); err != nil {
		return s, err
	}
	next := now.subscription(c.env.Now())
	next.id = s.id
	return next, nil
}

// reauthorize answers a lifecycle event: Graph holds notifications back until it hears that we still may.
func (c *connector) reauthorize(ctx context.Context, s subscription) error {
	_, err := c.send(ctx, request{op: "graph: reauthorize a subscription", method: "POST", path: "/subscriptions/" + escape(s.id) + "/reauthorize", again: true})
	return err
}

// unsubscribe takes a subscription back; one that stays ends by itself.
func (c *connector) unsubscribe(ctx context.Context, s subscription) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if _, err := c.send(ctx, request{op: "graph: unsubscribe", method: "DELETE", path: "/subscriptions/" + escape(s.id)}); err != nil {
		c.env.Log.DebugContext(ctx, "graph: a subscription stays until it ends", "reason", string(pim.ReasonOf(err)))
	}
}

// ear is how a watch hears of notifications: its subscription, and what came by it.
type ear struct {
	c     *connector
	sh    shelf
	rung  chan struct{}
	said  chan notice // lifecycle events
	leave func()
	state string
	sub   subscription // zero while there is none
	again time.Time    // when the next try is
	wait  time.Duration
}

// subscribeAgain is when a subscription is tried for again that Graph refused; it doubles, up to subscribeMost.
const (
	subscribeAgain = time.Minute
	subscribeMost  = time.Hour
)

// hear begins to listen where the program has an address. Where Graph refuses a subscription, watching goes on by looking.
func (c *connector) hear(ctx context.Context, sh shelf) *ear {
	e := &ear{c: c, sh: sh, rung: make(chan struct{}, 1), said: make(chan notice, 4), leave: func() {}}
	if !e.wanted() {
		return e
	}
	e.leave = c.hub.wait(c.env.Link, e.ring)
	e.subscribe(ctx)
	return e
}

// patience is how long to wait for a notification before looking.
func (e *ear) patience(told bool) time.Duration {
	switch wait := e.c.poll; {
	case !e.wanted():
		return wait
	case e.sub.id == "":
		return min(wait, subscribeAgain)
	case told:
		return wait
	default:
		return wait * looksLess
	}
}

// wanted reports that there is an address, and something that Graph can tell of.
func (e *ear) wanted() bool { return e.c.notifyURL != "" && e.c.hub != nil && e.sh.resource() != "" }

// ring does not block: one hint is as good as many.
func (e *ear) ring(n notice) {
	if n.lifecycle != "" {
		select {
		case e.said <- n:
		default:
		}
	}
	select {
	case e.rung <- struct{}{}:
	default:
	}
}

// subscribe asks Graph anew.
func (e *ear) subscribe(ctx context.Context) {
	c := e.c
	e.wait = min(max(2*e.wait, subscribeAgain), subscribeMost)
	e.sub, e.again = subscription{}, c.env.Now().Add(e.wait)
	state, err := c.hub.state(c.env.Link)
	if err == nil {
		e.state = state
		if e.sub, err = c.subscribe(ctx, e.sh.resource(), state); err == nil {
			e.wait = 0
		}
	}
	if err != nil && ctx.Err() == nil {
		c.env.Log.WarnContext(ctx, "graph: no subscription; changes are asked for instead", "reason", string(pim.ReasonOf(err)), "err", err)
	}
}

// keep does what lifecycle events ask for, renews a subscription at half of its life, and makes a new one where it has gone. looked
// says that some time has passed: then Graph is asked whether it has it still, for not every end is told.
func (e *ear) keep(ctx context.Context, looked bool) {
	c := e.c
	if !e.wanted() {
		return
	}
	e.obey(ctx)
	now := c.env.Now()
	switch _, good := c.hub.linkOf(e.state); {
	case e.sub.id == "":
		if !now.Before(e.again) {
			e.subscribe(ctx)
		}
		return
	case !good: // sealed with a key that has gone: no process would believe it
		old := e.sub
		e.subscribe(ctx)
		c.unsubscribe(ctx, old)
		return
	}
	next, err := e.sub, error(nil)
	if e.sub.until.Sub(now) <= subscriptionLife/2 {
		next, err = c.renew(ctx, e.sub)
	} else if looked {
		err = c.get(ctx, request{op: "graph: look at a subscription", path: "/subscriptions/" + escape(e.sub.id)}, &subscriptionBody{})
	}
	if pim.ReasonOf(err) == pim.ErrNotFound {
		e.subscribe(ctx)
		return
	}
	e.sub = next
}

// obey answers lifecycle events. They may be about the subscription of another process that watches the same: this one is as good
// as any to say that we still may.
func (e *ear) obey(ctx context.Context) {
	for {
		select {
		case n := <-e.said:
			own := n.subscription == e.sub.id || n.subscription == ""
			switch {
			case n.lifecycle == "subscriptionRemoved" && own:
				e.sub, e.again = subscription{}, time.Time{}
			case n.lifecycle == "reauthorizationRequired" && n.subscription == "":
				e.reauthorize(ctx, e.sub, true)
			case n.lifecycle == "reauthorizationRequired":
				e.reauthorize(ctx, subscription{id: n.subscription}, own)
			}
		default:
			return
		}
	}
}

func (e *ear) reauthorize(ctx context.Context, s subscription, own bool) {
	if s.id == "" {
		return
	}
	if err := e.c.reauthorize(ctx, s); err != nil && own && ctx.Err() == nil {
		e.c.env.Log.WarnContext(ctx, "graph: a subscription is made anew", "reason", string(pim.ReasonOf(err)))
		e.sub, e.again = subscription{}, time.Time{}
	}
}

// close takes the subscription back.
func (e *ear) close(ctx context.Context) {
	e.leave()
	if e.sub.id != "" {
		e.c.unsubscribe(ctx, e.sub)
	}
}
