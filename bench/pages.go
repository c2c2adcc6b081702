package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	web "crmbridge/admin"
	"crmbridge/auth"
	"crmbridge/bench/sample"
	"crmbridge/crm/mem"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/remote"
	"crmbridge/store"
)

// What the pages are measured with: so many items, and of each ten one with an open conflict, of each hundred one that fails, one that is held and two that
// may be one; a thousand runs, with steps.
const (
	pageLinks    = 10
	pageRuns     = 1000
	pageSteps    = 20
	pageWithin   = 50 * time.Millisecond
	pageWeight   = 150 << 10
	pagePassword = "correct horse battery"
	namePage     = "page "
)

// webPages measures the pages for people: how long the server takes for one, and what a browser that comes for the first time has to load.
func (s *section) webPages(ctx context.Context, o options, at string, size int) (err error) {
	dir, err := os.MkdirTemp("", "bridge-bench-key-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m, err := mem.New(mem.Options{Now: time.Now})
	if err != nil {
		return err
	}
	driver := m.Driver()
	b, err := openBridge(ctx, at, dir, map[string]remote.Driver{driver.Name: driver})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	_, _ = fmt.Fprintf(o.progress, "%s: filling %d items\n", s.title, size)
	if err := b.fillPages(ctx, driver.Name, size); err != nil {
		return err
	}
	server, v, err := b.openPages(ctx, driver)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.close()) }()
	for _, p := range v.paths {
		if !o.only.MatchString(namePage + p.name) {
			continue
		}
		r := row{name: namePage + p.name, size: size, requests: -1}
		r.times, _, err = rounds(ctx, o.budget, func() (time.Duration, error) { return v.get(ctx, server.base+p.path, io.Discard) }, func() (time.Duration, error) { return 0, nil })
		if err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
		if r.answer, err = v.weight(ctx, server.base, p.path); err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
		_, _ = fmt.Fprintf(o.progress, "%s: %s: %s, %s\n", s.title, r.name, duration(r.times.p95()), bytesOf(uint64(r.answer))) //nolint:gosec // a size
		s.rows = append(s.rows, r)
	}
	return nil
}

// pageAims judges them.
func (s *section) pageAims() (out []aim) {
	for _, r := range s.rows {
		if !strings.HasPrefix(r.name, namePage) {
			continue
		}
		out = append(out, s.within(r.name, r.size, pageWithin, times.p95), aim{what: r.name + ", with all that belongs to it", want: "below 150 KiB",
			have: bytesOf(uint64(r.answer)), measured: true, met: r.answer < pageWeight}) //nolint:gosec // a size
	}
	return out
}

// fillPages makes accounts, links, items, and all that waits for a person.
func (b *bridge) fillPages(ctx context.Context, driver string, size int) error {
	at := time.Now()
	for link := range pageLinks {
		var l store.Link
		err := b.store.Update(ctx, func(tx *store.Tx) error {
			c, err := tx.CreateCollection(store.Collection{UserID: b.user.ID, Home: store.Calendars, Slug: fmt.Sprintf("calendar-%d", link), Components: "VEVENT"})
			if err != nil {
				return err
			}
			l, err = tx.CreateLink(store.Link{UserID: b.user.ID, CollectionID: c.ID, Side: store.CRM, Driver: driver, Name: fmt.Sprintf("CRM %d", link), Remote: "activities", Interval: time.Minute, Paused: true})
			if err != nil {
				return err
			}
			if l.Settings, err = b.keeper.Seal(relay.SealPurpose(l.ID), []byte(`{}`)); err != nil {
				return err
			}
			return tx.UpdateLink(l, "Settings")
		})
		if err != nil {
			return err
		}
		for from := 0; from < size/pageLinks; from += 1000 {
			err := b.store.Update(ctx, func(tx *store.Tx) error {
				var before store.Object
				for n := from; n < min(from+1000, size/pageLinks); n++ {
					obj, err := b.fillItem(tx, l, link, n, before)
					if err != nil {
						return err
					}
					before = obj
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		// A run took all of them.
		err = b.store.Update(ctx, func(tx *store.Tx) error {
			c, err := tx.Collection(l.CollectionID)
			if err != nil {
				return err
			}
			l.LocalSeq = c.Seq
			return tx.UpdateLink(l, "LocalSeq")
		})
		if err != nil {
			return err
		}
		if err := b.fillRuns(ctx, l, at); err != nil {
			return err
		}
	}
	return nil
}

// fillItem makes one item that both sides have, and what waits of it.
func (b *bridge) fillItem(tx *store.Tx, l store.Link, link, n int, before store.Object) (store.Object, error) {
	o := sample.Calendar{}.Event(link*1_000_000+n, 0)
	put, err := event(o)
	if err != nil {
		return store.Object{}, err
	}
	put.Collection = l.CollectionID
	obj, err := tx.PutObject(put)
	if err != nil {
		return obj.Object, err
	}
	it, err := relay.Read(pim.KindEvent, o.Text, "Europe/Berlin")
	if err != nil {
		return obj.Object, err
	}
	base, err := pim.EncodeItem(it)
	if err != nil {
		return obj.Object, err
	}
	p := store.Pair{LinkID: l.ID, ObjectID: obj.Object.ID, UID: o.UID, RemoteID: fmt.Sprint("r", n), Version: "1", Seq: obj.Object.Seq, LocalText: o.Text, LocalItem: base, RemoteItem: base}
	switch {
	case n%100 == 1:
		p.Error, p.ErrorKind, p.Attempts = "Creatio does not allow this to the connected user", string(pim.ErrForbidden), 3
	case n%100 == 2:
		p.Hold = "type"
	}
	if err := tx.SavePair(&p); err != nil {
		return obj.Object, err
	}
	if n%10 == 3 {
		_, err = tx.AddConflict(store.Conflict{UserID: l.UserID, CollectionID: l.CollectionID, LinkID: l.ID, ObjectID: obj.Object.ID, UID: o.UID, Kind: pim.KindEvent,
			Base: o.Text, Mine: sample.Calendar{}.Event(link*1_000_000+n, 1).Text, Theirs: sample.Calendar{}.Event(link*1_000_000+n, 2).Text, Fields: `["summary"]`, Cause: store.CauseRelay, Device: "CRM"})
		if err != nil {
			return obj.Object, err
		}
	}
	if n%100 == 5 && before.ID != 0 {
		_, err = tx.SuggestDuplicates(l.CollectionID, []store.Duplicate{{UserID: l.UserID, CollectionID: l.CollectionID, Kind: pim.KindEvent,
			FirstID: before.ID, SecondID: obj.Object.ID, State: store.DuplicateOpen, Score: 800, Reasons: `{"reasons":["the same title"]}`}})
	}
	return obj.Object, err
}

func (b *bridge) fillRuns(ctx context.Context, l store.Link, at time.Time) error {
	return b.store.Update(ctx, func(tx *store.Tx) error {
		for range pageRuns / pageLinks {
			r, err := tx.StartRun(store.Run{LinkID: l.ID, Trigger: "poll"})
			if err != nil {
				return err
			}
			counts, err := json.Marshal(relay.Counts{UpdatedLocal: pageSteps})
			if err != nil {
				return err
			}
			r.Outcome, r.Counts, r.Requests, r.Ended = "ok", string(counts), 3, &at
			var steps []store.Step
			for n := range pageSteps {
				steps = append(steps, store.Step{UID: fmt.Sprint(n), Title: "An item", Action: "update", Side: "local", Outcome: "done"})
			}
			if err := tx.FinishRun(r, steps); err != nil {
				return err
			}
		}
		return nil
	})
}

// visitor is an administrator's browser that is signed in, and what it looks at.
type visitor struct {
	http  *http.Client
	paths []struct{ name, path string }
}

// openPages serves the pages as the program does, and signs somebody in.
func (b *bridge) openPages(ctx context.Context, driver remote.Driver) (*listening, *visitor, error) {
	service, err := auth.New(auth.Options{Store: b.store, Keeper: b.keeper, Now: time.Now, Random: rand.Reader})
	if err != nil {
		return nil, nil, err
	}
	office := &manage.Office{Store: b.store, Auth: service, Keeper: b.keeper, Now: time.Now, Engine: b.engine, Jobs: b.jobs, Connections: b.conns,
		Drivers: manage.Drivers{{Driver: driver, Side: store.CRM}}, Interval: time.Minute, Random: rand.Reader, Address: "http://127.0.0.1"}
	if _, err := office.AddAccount(ctx, manage.NewAccount{Name: "boss", Admin: true, Password: pagePassword}); err != nil {
		return nil, nil, err
	}
	pages, err := web.New(web.Options{Office: office, Auth: service, Store: b.store, Now: time.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Address: func(*http.Request) string { return "127.0.0.1" }, Version: "bench"})
	if err != nil {
		return nil, nil, err
	}
	server, err := listen(pages)
	if err != nil {
		return nil, nil, err
	}
	jar, err := cookiejar.New(nil)
	v := &visitor{http: &http.Client{Jar: jar, Timeout: time.Minute}}
	if err == nil {
		err = v.signIn(ctx, server.base)
	}
	if err == nil {
		err = b.visits(ctx, v)
	}
	if err != nil {
		return nil, nil, errors.Join(err, server.close())
	}
	return server, v, nil
}

// visits are the pages, with one thing of each kind.
func (b *bridge) visits(ctx context.Context, v *visitor) error {
	return b.store.View(ctx, func(tx *store.Tx) error {
		conflicts, err := tx.Conflicts(store.ConflictFilter{Open: true, Limit: 1})
		if err != nil || len(conflicts) == 0 {
			return errors.Join(err, errors.New("there is no conflict"))
		}
		add := func(name, path string) {
			v.paths = append(v.paths, struct{ name, path string }{name, web.Prefix + path})
		}
		add("Overview", "overview")
		add("Links", "links")
		add("Link", fmt.Sprintf("links/%d", conflicts[0].LinkID))
		add("People", "people")
		add("Runs", "runs")
		add("Run", "runs/1")
		add("Conflicts", "conflicts")
		add("Conflict", fmt.Sprintf("conflicts/%d", conflicts[0].ID))
		add("Errors", "errors")
		add("Approvals", "holds")
		add("Duplicates", "duplicates")
		add("Items", fmt.Sprintf("items?link=%d", conflicts[0].LinkID))
		add("Item", "items/one?uid="+url.QueryEscape(conflicts[0].UID))
		add("System", "system")
		add("My account", "me")
		return nil
	})
}

var formToken = regexp.MustCompile(`name="token" value="([^"]+)"`)

func (v *visitor) signIn(ctx context.Context, base string) error {
	var form bytes.Buffer
	if _, err := v.get(ctx, base+web.Prefix+"sign-in", &form); err != nil {
		return err
	}
	m := formToken.FindSubmatch(form.Bytes())
	if m == nil {
		return errors.New("the page for signing in has no form")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+web.Prefix+"sign-in", strings.NewReader(url.Values{"token": {string(m[1])}, "name": {"boss"}, "password": {pagePassword}}.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := v.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || strings.Contains(res.Request.URL.Path, "sign-in") {
		return fmt.Errorf("signing in ended at %s with %s", res.Request.URL.Path, res.Status)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// get reads a page, and tells how long it took until the last byte.
func (v *visitor) get(ctx context.Context, at string, to io.Writer) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	res, err := v.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if _, err := io.Copy(to, res.Body); err != nil {
		return 0, err
	}
	took := time.Since(began)
	if res.StatusCode != http.StatusOK || res.Request.URL.String() != at {
		return 0, fmt.Errorf("%s ended at %s with %s", at, res.Request.URL, res.Status)
	}
	return took, nil
}

var belonging = regexp.MustCompile(`(?:src|href)="(` + web.Prefix + `assets/[^"]+)"`)

// weight is how many bytes go over the wire for a page and what it refers to, to a browser that takes gzip and has nothing of it yet.
func (v *visitor) weight(ctx context.Context, base, path string) (int64, error) {
	straight := &http.Client{Jar: v.http.Jar, Timeout: time.Minute, Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	load := func(path string, to io.Writer) (int64, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
		if err != nil {
			return 0, err
		}
		r.Header.Set("Accept-Encoding", "gzip")
		res, err := straight.Do(r)
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		return io.Copy(to, res.Body)
	}
	var page bytes.Buffer
	if _, err := v.get(ctx, base+path, &page); err != nil {
		return 0, err
	}
	all, err := load(path, io.Discard)
	if err != nil {
		return 0, err
	}
	seen := map[string]bool{}
	for _, m := range belonging.FindAllSubmatch(page.Bytes(), -1) {
		if at := string(m[1]); !seen[at] {
			seen[at] = true
			n, err := load(at, io.Discard)
			if err != nil {
				return 0, err
			}
			all += n
		}
	}
	return all, nil
}
