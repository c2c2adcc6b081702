package relay

import (
	"context"
	"errors"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// Where the files of a message come from.

// source is the message in the mailbox.
type source struct {
	opener remote.FileOpener
	folder remote.CollectionID
	id     remote.ItemID
	files  map[string]pim.File // by key
}

// looksAgain is how often a message that a mailbox has no more, and did not tell of, is looked for before its files are given up: by
// then it would have been found where it was moved to.
const looksAgain = 5

// source finds the message in a mailbox of the user, under the id and with the files that it has there now. says is why it is in none;
// where that is not known yet, it is an error.
func (t *taking) source(ctx context.Context) (src source, says string, err error) {
	type place struct {
		link store.Link
		id   remote.ItemID
		gone bool // the mailbox has told so
	}
	var places []place
	var paused, unread string
	var failed error // of a mailbox; another one may have the message
	err = t.Store.View(ctx, func(tx *store.Tx) error {
		places, paused = nil, ""
		links, err := tx.Links(t.user.ID)
		if err != nil {
			return err
		}
		for _, l := range links {
			if l.Side != store.Exchange {
				continue
			}
			pairs, err := tx.PairsByUID(l.ID, t.pair.UID)
			if err != nil {
				return err
			}
			for _, p := range pairs {
				switch {
				case p.RemoteID == "":
				case l.Paused:
					paused = l.Name
				default:
					places = append(places, place{l, remote.ItemID(p.RemoteID), p.RemoteGone})
				}
			}
		}
		return nil
	})
	if err != nil {
		return src, "", err
	}
	for _, at := range places {
		src, err := t.inside(ctx, at.link, at.id)
		switch {
		case err == nil && src.opener != nil:
			return src, "", nil
		case errors.Is(err, pim.ErrNotFound): // the folder went, and with it what was in it
		case err != nil && failed == nil:
			failed = err
		case err == nil && !at.gone:
			unread = at.link.Name
		}
	}
	const op = "relay: files"
	switch {
	case failed != nil:
		return src, "", failed
	case paused != "":
		return src, "", pim.Errorf(op, pim.ErrHeld, "the files are in a mailbox whose link, %s, is paused", paused)
	case unread != "" && t.pair.Attempts < looksAgain:
		return src, "", pim.Errorf(op, pim.ErrConflict, "the message was moved or deleted a moment ago; its files wait until %s is read again", unread)
	}
	return src, "the message is in the mailbox no more", nil
}

// inside is the message as the mailbox of a link has it under an id; a source without opener when it has not.
func (t *taking) inside(ctx context.Context, l store.Link, id remote.ItemID) (src source, err error) {
	rem, err := t.Remotes.Open(ctx, l, t.user)
	if err != nil {
		return src, err
	}
	opener, ok := remote.As[remote.FileOpener](rem)
	if !ok {
		return src, pim.Errorf("relay: files", pim.ErrNotFound, "files of this mailbox cannot be read")
	}
	folder := remote.CollectionID(l.Remote)
	recs, err := rem.Fetch(ctx, folder, []remote.ItemID{id})
	if err != nil {
		return src, err
	}
	for _, rec := range recs {
		if m, ok := rec.Item.(*pim.Message); ok && m.UID() == t.pair.UID {
			return source{opener, folder, id, byKey(t.pair.UID, m)}, nil
		}
	}
	return src, nil
}

// byKey are the files of a message by the keys of fateful.
func byKey(uid string, m *pim.Message) map[string]pim.File {
	out := map[string]pim.File{}
	for i, f := range fateful(uid, m).Files {
		if i < len(m.Files) {
			out[f.Key] = m.Files[i]
		}
	}
	return out
}
