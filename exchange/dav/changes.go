package dav

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Changes implements remote.Remote. With a change log a run with nothing new is one request, without one as well where the
// collection has a version of its own.
func (m *mailbox) Changes(ctx context.Context, c remote.CollectionID, s remote.Scope, since remote.Cursor) (remote.Delta, error) {
	f, err := m.folder(ctx, c)
	if err != nil {
		return remote.Delta{}, err
	}
	// The window is not part of it: it moves with the clock, and what comes into it by that the relay finds by List.
	view := string(c) + "|" + strconv.Itoa(int(f.kinds(s)))
	w := walk{mailbox: m, f: f, scope: s, cur: cursor{View: view}}
	if since != "" {
		if w.cur, err = decodeCursor(since, view); err != nil {
			return remote.Delta{}, err
		}
		if f.log != (w.cur.Token != "") {
			return remote.Delta{}, pim.Errorf("dav: changes", pim.ErrCursorGone, "the listing has to begin anew")
		}
	}
	switch {
	case !f.log:
		return w.compare(ctx, since == "")
	case since == "":
		return w.begin(ctx)
	case w.cur.Rest:
		return w.goOn(ctx, since)
	}
	return w.follow(ctx)
}

// walk is one call of Changes.
type walk struct {
	*mailbox
	f     *folder
	scope remote.Scope
	cur   cursor
}

// begin lists everything. The token is taken before, so that what happens meanwhile is told afterwards.
func (w walk) begin(ctx context.Context) (remote.Delta, error) {
	token, _, err := w.state(ctx)
	if err != nil {
		return remote.Delta{}, err
	}
	if token == "" {
		return remote.Delta{}, pim.Errorf("dav: changes", pim.ErrProtocol, "the server has no change log of this collection any more")
	}
	w.cur.Token = token
	refs, err := w.candidates(ctx, w.f, w.scope)
	if err != nil {
		return remote.Delta{}, err
	}
	return w.page(ctx, refs, nil, false)
}

// goOn gives the next page of a listing.
func (w walk) goOn(ctx context.Context, since remote.Cursor) (remote.Delta, error) {
	refs, ok := w.restOf(since)
	if !ok {
		var err error
		if w.cur.From == "" {
			refs, err = w.candidates(ctx, w.f, w.scope)
		} else {
			refs, _, _, _, err = w.changed(ctx, w.cur.From)
		}
		if err != nil {
			return remote.Delta{}, err
		}
		refs = slices.DeleteFunc(refs, func(r ref) bool { return r.path <= w.cur.After })
	}
	// The listing took several calls: what changed meanwhile is to be asked at once.
	return w.page(ctx, refs, nil, true)
}

// follow gives what changed since the token.
func (w walk) follow(ctx context.Context) (remote.Delta, error) {
	from := w.cur.Token
	refs, removed, token, more, err := w.changed(ctx, from)
	if err != nil {
		return remote.Delta{}, err
	}
	if more && token == from {
		return remote.Delta{}, pim.Errorf("dav: changes", pim.ErrProtocol, "the server's change log stands still")
	}
	w.cur.Token, w.cur.From = token, from
	return w.page(ctx, refs, removed, more)
}

// page gives the first of refs that fit, and keeps the others for the next. again says that afterwards there is more to be asked.
func (w walk) page(ctx context.Context, refs []ref, removed []string, again bool) (remote.Delta, error) {
	n := min(pageSize, len(refs))
	now, left := refs[:n], refs[n:]
	objects, gone, err := w.read(ctx, w.f, paths(now))
	if err != nil {
		return remote.Delta{}, err
	}
	d := w.delta(objects, append(removed, gone...))
	d.More = again || len(left) > 0
	w.cur.Rest = len(left) > 0
	if w.cur.Rest {
		w.cur.After = now[n-1].path
	} else {
		w.cur.After, w.cur.From = "", ""
	}
	if d.Next, err = w.cur.encode(); err != nil {
		return remote.Delta{}, err
	}
	if w.cur.Rest {
		w.keepRest(d.Next, left)
	}
	return d, nil
}

// delta makes records of what is in the scope.
func (w walk) delta(objects []object, gone []string) (d remote.Delta) {
	for _, o := range objects {
		if rec, in := w.within(w.f, o, w.scope); in {
			d.Changed = append(d.Changed, rec)
		}
	}
	for _, path := range gone {
		if id := w.f.id(path); !slices.Contains(d.Removed, id) {
			d.Removed = append(d.Removed, id)
		}
	}
	return d
}

// changed asks the change log (RFC 6578 3.2); more says that it has told only a part (3.6).
func (w walk) changed(ctx context.Context, from string) (refs []ref, removed []string, token string, more bool, err error) {
	const op = "dav: changes"
	resp, err := w.session.do(ctx, request{op: op, method: "REPORT", at: w.f.at, depth: "0", body: syncCollection(from)})
	if err != nil {
		return nil, nil, "", false, err
	}
	if resp.Status != http.StatusMultiStatus {
		return nil, nil, "", false, tokenFault(refusal(op, resp, false), resp.Status)
	}
	ms, err := readMultistatus(resp.Body)
	if err == nil && ms.token == "" {
		err = errors.New("dav: no sync-token")
	}
	if err != nil {
		return nil, nil, "", false, unreadable(op, err)
	}
	ms.at = w.f.at
	live := multistatus{at: ms.at}
	ms.each(func(r response) {
		_, member := w.f.name(r.path)
		switch {
		case r.status == http.StatusInsufficientStorage:
			more = true
		case member && r.gone():
			removed = append(removed, r.path)
		case member:
			live.responses = append(live.responses, r)
		}
	})
	refs, err = w.tagged(ctx, w.f, op, live)
	return sorted(refs), removed, ms.token, more, err
}

// tokenFault recognises a token that the server does not take any more: by its condition, else by a status that says that
// something about the request, which was good once, has passed.
func tokenFault(err error, status int) error {
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusGone, http.StatusPreconditionFailed, http.StatusInsufficientStorage:
		return &pim.Error{Op: "dav: changes", Kind: pim.ErrCursorGone, Public: "the server forgot what was read last", Err: err}
	}
	var e *pim.Error
	if status == http.StatusNotFound && errors.As(err, &e) {
		e.Public = "the calendar or address book is not on the server (any more)"
	}
	return err
}

// state is the token of the change log and the version of the collection, "" for what there is not.
func (w walk) state(ctx context.Context) (token, stamp string, err error) {
	ms, err := w.session.multi(ctx, request{op: "dav: changes", method: "PROPFIND", at: w.f.at, depth: "0", body: propfind("d:sync-token", "s:getctag")})
	if err != nil {
		return "", "", err
	}
	r, ok := ms.self()
	if !ok {
		return "", "", pim.Errorf("dav: changes", pim.ErrProtocol, "the server's answer names nothing")
	}
	return r.prop(nsDAV, "sync-token").trimmed(), r.prop(nsServer, "getctag").trimmed(), nil
}

// compare is Changes without a change log: the versions of all members against those that were given. A page is taken off what
// differs, and the next call compares anew.
func (w walk) compare(ctx context.Context, first bool) (remote.Delta, error) {
	_, stamp, err := w.state(ctx)
	if err != nil {
		return remote.Delta{}, err
	}
	if !first && stamp != "" && stamp == w.cur.Stamp {
		next, err := w.cur.encode()
		return remote.Delta{Next: next}, err
	}
	all, err := w.members(ctx, w.f)
	if err != nil {
		return remote.Delta{}, err
	}
	if first {
		if w.cur.Known, err = w.outside(ctx, all); err != nil {
			return remote.Delta{}, err
		}
	}
	there := make(map[string]bool, len(all))
	var differ []ref
	for _, r := range all {
		name, _ := w.f.name(r.path)
		there[name] = true
		if w.cur.Known[name] != digest(r.tag) {
			differ = append(differ, r)
		}
	}
	var gone []string
	for name := range w.cur.Known {
		if !there[name] {
			gone = append(gone, w.f.path()+name)
			delete(w.cur.Known, name)
		}
	}
	slices.Sort(gone)
	return w.comparedPage(ctx, differ, gone, stamp)
}

func (w walk) comparedPage(ctx context.Context, differ []ref, gone []string, stamp string) (remote.Delta, error) {
	n := min(pageSize, len(differ))
	objects, vanished, err := w.read(ctx, w.f, paths(differ[:n]))
	if err != nil {
		return remote.Delta{}, err
	}
	d := w.delta(objects, append(gone, vanished...))
	for _, path := range vanished {
		if name, ok := w.f.name(path); ok {
			delete(w.cur.Known, name)
		}
	}
	for _, o := range objects {
		name, _ := w.f.name(o.path)
		w.cur.Known[name] = digest(o.tag)
	}
	w.cur.Stamp = ""
	if d.More = n < len(differ); !d.More {
		w.cur.Stamp = stamp
	}
	d.Next, err = w.cur.encode()
	return d, err
}

// outside are the versions that a first listing need not read, because the server says that they are not in the scope.
func (w walk) outside(ctx context.Context, all []ref) (map[string]string, error) {
	refs, err := w.candidates(ctx, w.f, w.scope)
	if err != nil {
		return nil, err
	}
	in := make(map[string]bool, len(refs))
	for _, r := range refs {
		in[r.path] = true
	}
	known := map[string]string{}
	for _, r := range all {
		if name, _ := w.f.name(r.path); !in[r.path] {
			known[name] = digest(r.tag)
		}
	}
	return known, nil
}
