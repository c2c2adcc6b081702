package creatio

import (
	"context"
	"sync"

	"crmbridge/pim"
)

// manner is how a site understands filters, found out once.
type manner struct {
	mu    sync.Mutex
	known bool
	spell spelling
	deep  bool // conditions may lead through two lookups: Activity/Owner/Id
}

// nobody is an id that no record has, to ask with.
var nobody = madeID("nobody")

// spelling is the way conditions on lookups are written for this site.
func (c *connector) spelling(ctx context.Context) (spelling, error) {
	s, _, err := c.ways(ctx)
	return s, err
}

// ways asks the site harmless questions in either spelling. An answer of the
// application that refuses one is taken as "not that way".
func (c *connector) ways(ctx context.Context) (spelling, bool, error) {
	m := c.manner
	m.mu.Lock()
	known, spell, deep := m.known, m.spell, m.deep
	m.mu.Unlock()
	if known {
		return spell, deep, nil
	}
	ask := func(entity string, f cond) error {
		_, _, err := c.site.rows(ctx, entity, query{filter: f, sel: []string{"Id"}, top: 1})
		return err
	}
	spell = byNavigation
	first := ask("Contact", byNavigation.is("Owner", "eq", nobody))
	if pim.ReasonOf(first) == pim.ErrProtocol {
		spell = byColumn
		if err := ask("Contact", byColumn.is("Owner", "eq", nobody)); err != nil {
			return 0, false, first
		}
	} else if first != nil {
		return 0, false, first
	} else {
		err := ask("ActivityParticipant", behind("Activity", byNavigation.is("Owner", "eq", nobody)))
		if err != nil && pim.ReasonOf(err) != pim.ErrProtocol {
			return 0, false, err
		}
		deep = err == nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known, m.spell, m.deep = true, spell, deep
	return spell, deep, nil
}
