package graph

import (
	"context"
	"crypto/rand"
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

// subscribe asks Graph to tell the hub of changes in a shelf. Lifecycle events go to the same address, which can only be said now.
func (c *connector) subscribe(ctx context.Context, sh shelf, state string) (subscription, error) {
	const op = "graph: subscribe"
	a, err := c.send(ctx, request{op: op, method: "POST", path: "/subscriptions", body: subscriptionBody{
		Change: "created,updated,deleted", URL: c.notifyURL, Lifecycle: c.notifyURL, Resource: sh.resource(), Expires: c.expiry(), State: state,
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

// bell is how a watch hears of notifications.
type bell struct {
	rung      chan struct{}
	lifecycle chan string
}

func newBell() bell { return bell{make(chan struct{}, 1), make(chan string, 4)} }

// ring does not block: one hint is as good as many.
func (b bell) ring(lifecycle string) {
	if lifecycle != "" {
		select {
		case b.lifecycle <- lifecycle:
		default:
		}
	}
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

// hear subscribes, where the program has an address, and returns the bell and what ends it. Where Graph refuses, watching goes on by
// looking.
func (c *connector) hear(ctx context.Context, sh shelf) (b bell, s subscription, leave func()) {
	b = newBell()
	if c.hub == nil || c.notifyURL == "" || sh.resource() == "" {
		return b, s, func() {}
	}
	state := rand.Text()
	end := c.hub.wait(state, b.ring)
	s, err := c.subscribe(ctx, sh, state)
	if err != nil {
		c.env.Log.WarnContext(ctx, "graph: no subscription; changes are asked for instead", "reason", string(pim.ReasonOf(err)))
		return b, subscription{}, end
	}
	return b, s, end
}

// keep renews a subscription at half of its life, and does what lifecycle events ask for. It is zero when it has to be made anew.
func (c *connector) keep(ctx context.Context, s subscription, b bell) subscription {
	select {
	case event := <-b.lifecycle:
		if event == "subscriptionRemoved" {
			return subscription{}
		}
		if event == "reauthorizationRequired" && c.reauthorize(ctx, s) != nil {
			return subscription{}
		}
	default:
	}
	if s.id == "" || s.until.Sub(c.env.Now()) > subscriptionLife/2 {
		return s
	}
	next, err := c.renew(ctx, s)
	if err != nil && pim.ReasonOf(err) == pim.ErrNotFound {
		return subscription{}
	}
	return next
}
