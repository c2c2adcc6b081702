package main

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"crmbridge/bench/sample"
	"crmbridge/dav"
	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// fewest objects are needed: those of fixed number and some for each operation.
const fewest = 200

// touched objects were changed last, for the sync with few changes.
const touched = 20

// world is a bridge with a calendar and an address book of size objects each, seen
// through HTTP, and the floor beside it.
type world struct {
	*bridge
	size   int
	plain  *plain
	bare   *bare
	bottom *listening // the server of floors
	client *client

	calendar, book *folder
}

// folder is a filled collection.
type folder struct {
	col    store.Collection // as it is after filling
	path   string
	names  []string
	object func(n, revision int) sample.Object
	put    func(o sample.Object) (store.Put, error)
	mime   string
	words  words
	// Sync tokens: when it was empty, and before the last changes.
	empty, before string
}

func openWorld(ctx context.Context, url, dir string, size int) (*world, error) {
	b, err := openBridge(ctx, url, dir, nil)
	if err != nil {
		return nil, err
	}
	w := &world{bridge: b, size: size, bare: &bare{}, client: newClient(b.user.Name, b.password)}
	if err := w.furnish(ctx, url); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *world) furnish(ctx context.Context, url string) error {
	w.calendar = &folder{object: sample.Calendar{}.Event, put: event, mime: icsType, words: caldav(), path: "/dav/calendars/ann/calendar/",
		col: store.Collection{UserID: w.user.ID, Home: store.Calendars, Slug: "calendar", Components: "VEVENT"}}
	w.book = &folder{object: sample.Book{}.Card, put: card, mime: vcfType, words: carddav(), path: "/dav/addressbooks/ann/people/",
		col: store.Collection{UserID: w.user.ID, Home: store.AddressBooks, Slug: "people"}}
	for _, f := range []*folder{w.calendar, w.book} {
		if err := w.fill(ctx, f); err != nil {
			return err
		}
	}
	if err := w.analyse(ctx); err != nil {
		return err
	}
	var err error
	if w.plain, err = openPlain(ctx, url); err != nil {
		return err
	}
	if err := w.fillFloor(ctx); err != nil {
		return err
	}
	if w.bottom, err = listen(w.bare); err != nil {
		return err
	}
	// A search would have it done beside the next ones.
	for more := true; more; {
		var err error
		if more, err = w.store.IndexWords(ctx, w.book.col.ID, dav.WordMaker(dav.Limits{})); err != nil {
			return err
		}
	}
	return w.work(ctx)
}

// event is how the server indexes a calendar object.
func event(o sample.Object) (store.Put, error) {
	doc, err := ics.Parse(o.Text, ics.DefaultLimits())
	if err != nil {
		return store.Put{}, err
	}
	p := store.Put{Name: o.Name, UID: o.UID, Kind: pim.KindEvent, Component: doc.Component(), Text: o.Text, By: "bench"}
	p.Start, p.End = doc.Bounds()
	return p, nil
}

// card is how the server indexes a card.
func card(o sample.Object) (store.Put, error) {
	if _, err := vcf.Parse(o.Text, vcf.DefaultLimits()); err != nil {
		return store.Put{}, err
	}
	return store.Put{Name: o.Name, UID: o.UID, Kind: pim.KindContact, Component: "VCARD", Text: o.Text, By: "bench"}, nil
}

// fill makes the collection and its objects, and changes the last ones again.
func (w *world) fill(ctx context.Context, f *folder) error {
	err := w.store.Update(ctx, func(tx *store.Tx) (err error) {
		f.col, err = tx.CreateCollection(f.col)
		return err
	})
	if err != nil {
		return err
	}
	f.empty = store.SyncToken(f.col)
	for n := 0; n < w.size; n += 1000 {
		if err := w.write(ctx, f, n, min(n+1000, w.size), 0); err != nil {
			return err
		}
	}
	f.before = store.SyncToken(f.col)
	return w.write(ctx, f, w.size-touched, w.size, 1)
}

// write puts the objects from one number to another in one transaction.
func (w *world) write(ctx context.Context, f *folder, from, to, revision int) error {
	puts := make([]store.Put, 0, to-from)
	for n := from; n < to; n++ {
		o := f.object(n, revision)
		if revision == 0 {
			f.names = append(f.names, o.Name)
		}
		p, err := f.put(o)
		if err != nil {
			return err
		}
		p.Collection = f.col.ID
		puts = append(puts, p)
	}
	return w.store.Update(ctx, func(tx *store.Tx) error {
		for _, p := range puts {
			if _, err := tx.PutObject(p); err != nil {
				return err
			}
		}
		var err error
		f.col, err = tx.Collection(f.col.ID)
		return err
	})
}

// analyse lets PostgreSQL know what was filled in, as its daemon does within a
// minute.
func (w *world) analyse(ctx context.Context) error {
	if !w.store.Postgres() {
		return nil
	}
	_, err := w.store.Writer().ExecContext(ctx, "ANALYZE")
	return err
}

// floorRows are in the table that floors of writes use.
const floorRows = 1000

func floorName(n int) string { return "row " + strconv.Itoa(n) }

func (w *world) fillFloor(ctx context.Context) error {
	insert, err := w.plain.stmt(ctx, `INSERT INTO floor (name, text) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	return w.plain.inTx(ctx, func(tx *sql.Tx) error {
		for n := range floorRows {
			if _, err := tx.StmtContext(ctx, insert).ExecContext(ctx, floorName(n), w.calendar.object(n, 0).Text); err != nil {
				return err
			}
		}
		return nil
	})
}

// inTx commits what f does.
func (p *plain) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (w *world) close() error {
	w.client.close()
	var errs []error
	if w.bottom != nil {
		errs = append(errs, w.bottom.close())
	}
	if w.plain != nil {
		errs = append(errs, w.plain.close())
	}
	return errors.Join(append(errs, w.bridge.close())...)
}

// day is how times are written in requests.
func day(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
