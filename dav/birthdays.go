package dav

import (
	"crmbridge/birthday"
	"crmbridge/pim"
	"crmbridge/store"
)

// freshen brings birthday calendars up to date before they are read. Nothing is looked up for other calendars, and for a
// home only which calendars there are.
func (q *request) freshen() {
	var err error
	switch {
	case q.at.at == atCalendarHome:
		err = birthday.FreshenHome(q.ctx, q.h.store, q.caller.User.ID)
	case q.at.at&(atCalendar|atEvent) != 0 && birthday.MayBe(q.at.slug):
		var c store.Collection
		err = q.h.store.Peek(q.ctx, func(tx *store.Tx) (err error) {
			c, err = tx.CollectionBySlug(q.caller.User.ID, store.Calendars, q.at.slug)
			return err
		})
		if err == nil {
			err = birthday.Freshen(q.ctx, q.h.store, c.ID)
		}
	}
	if err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
		// What is there can be read all the same; the next who reads tries again.
		q.h.log.Warn("dav: birthdays", "user", q.caller.User.ID, "err", err)
	}
}
