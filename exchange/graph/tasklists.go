package graph

import (
	"context"
	"slices"
	"sync"

	"crmbridge/pim"
)

// roll is the task lists that there are, in their order, and the deltaLink that tells what becomes of them.
type roll struct {
	lists []todoList
	link  string
}

// rolls keeps the latest, as long as the connector is open: whoever has none, as a process that has just begun, reads all lists by the same query.
type rolls struct {
	mu     sync.Mutex
	latest roll
}

func (r *rolls) last() roll {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latest
}

func (r *rolls) note(now roll) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.latest = now
}

// taskLists are all lists, by what became of them since they were asked for last ("todoTaskList: delta").
func (c *connector) taskLists(ctx context.Context) ([]todoList, error) {
	const op = "graph: lists"
	now, err := c.follow(ctx, op, c.rolls.last())
	if lost(err) {
		now, err = c.follow(ctx, op, roll{}) // what went meanwhile is not among them
	}
	switch pim.ReasonOf(err) {
	case pim.ErrNotFound, pim.ErrProtocol, pim.ErrUnsupported: // Microsoft's cloud in China has no such query
		return every[todoList](ctx, c.service, request{op: op, path: c.user() + "/todo/lists"})
	}
	if err != nil {
		return nil, err
	}
	c.rolls.note(now)
	return now.lists, nil
}

// follow is what a roll has become. The roll itself stays, so that any number of calls may follow it at once.
func (c *connector) follow(ctx context.Context, op string, known roll) (roll, error) {
	now := roll{lists: slices.Clone(known.lists)}
	r := request{op: op, link: known.link}
	if known.link == "" {
		r.path = c.user() + "/todo/lists/delta"
	}
	var err error
	now.link, err = round(ctx, c.service, r, func(some []todoList) {
		for _, l := range some {
			now.put(l)
		}
	})
	return now, err
}

// put notes what is told of a list. What is not told of one that is known is as it was.
func (r *roll) put(l todoList) {
	i := slices.IndexFunc(r.lists, func(o todoList) bool { return o.ID == l.ID })
	switch {
	case l.Removed != nil:
		r.lists = slices.DeleteFunc(r.lists, func(o todoList) bool { return o.ID == l.ID })
		return
	case i < 0:
		r.lists = append(r.lists, l)
		return
	}
	was := r.lists[i]
	if l.Name == "" {
		l.Name = was.Name
	}
	if l.Wellknown == "" {
		l.Wellknown = was.Wellknown
	}
	if l.IsOwner == nil {
		l.IsOwner = was.IsOwner
	}
	r.lists[i] = l
}
