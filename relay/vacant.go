package relay

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
)

// Vacant tells why a user cannot have the link l with settings s, nil when nothing speaks
// against it: the name is taken, the collection has a link on that side already, or the
// remote's collection is linked to another one of the user, for kinds that both take. Each
// of the last two would show every item twice. A link with an id is not in its own way. The
// remote's collection may be "" while it is not known yet.
func (c *Connections) Vacant(tx *store.Tx, l store.Link, s remote.Settings) error {
	const op = "relay: link"
	links, err := tx.Links(l.UserID)
	if err != nil {
		return err
	}
	coll, err := tx.Collection(l.CollectionID)
	if err != nil {
		return err
	}
	kinds := kindsOf(coll, l)
	for _, other := range links {
		if other.ID == l.ID {
			continue
		}
		if other.Name == l.Name {
			u, err := tx.User(l.UserID)
			if err != nil {
				return err
			}
			return pim.Errorf(op, pim.ErrExists, "%s has a link named %q already (link %d)", u.Name, l.Name, other.ID)
		}
		if other.CollectionID == l.CollectionID && other.Side == l.Side {
			return pim.Errorf(op, pim.ErrExists, "the collection %q is linked to %s already (link %d, %q); remove that link first", coll.Slug, sideName(l.Side), other.ID, other.Name)
		}
		if kinds == pim.Kinds(pim.KindMessage) {
			continue // a message is made once, from however many places it comes
		}
		if l.Remote == "" || other.Driver != l.Driver || other.CollectionID == l.CollectionID ||
			!several.Overlap(c.Drivers[l.Driver], remote.CollectionID(l.Remote), remote.CollectionID(other.Remote)) {
			continue
		}
		there, err := c.Settings(other)
		if err != nil {
			return err
		}
		its, err := tx.Collection(other.CollectionID)
		if err != nil {
			return err
		}
		if sameAccount(s, there) && kinds&kindsOf(its, other) != 0 {
			return pim.Errorf(op, pim.ErrExists, "%q of this account is linked to the collection %q already (link %d, %q), and every item would be there twice; remove that link first, its items come along",
				Place(other), its.Slug, other.ID, other.Name)
		}
	}
	return nil
}

func sideName(s store.Side) string {
	if s == store.Exchange {
		return "Exchange"
	}
	return "a CRM"
}

// kindsOf are those that a link takes at most.
func kindsOf(c store.Collection, l store.Link) pim.KindSet {
	takes := pim.Kinds(Kinds(c)...)
	rules, err := rule.Parse(l.Rules)
	if err != nil {
		// What cannot be read may be anything.
		return takes // the run says what is wrong with them
	}
	if len(rules.Kinds) > 0 {
		takes &= pim.Kinds(rules.Kinds...)
	}
	return takes
}

// sameAccount reports settings that lead to the same records: the same system, and the
// same person there.
func sameAccount(a, b remote.Settings) bool {
	return sameSystem(a, b) && alike(a, b, "username", "client_id", "owner", "company", "mailbox", "sign_in")
}

// sameSystem reports settings that lead to the same database.
func sameSystem(a, b remote.Settings) bool { return alike(a, b, "url", "database") }

func alike(a, b remote.Settings, names ...string) bool {
	for _, name := range names {
		if !strings.EqualFold(bare(a[name]), bare(b[name])) {
			return false
		}
	}
	return true
}

// bare is an address without what may be left out of it.
func bare(s string) string {
	for _, scheme := range []string{"https://", "http://"} {
		s = strings.TrimPrefix(strings.TrimSpace(s), scheme)
	}
	return strings.TrimRight(s, "/")
}

// RemoveLink removes a link; its items stay on both sides, and so does what they are known
// by, so that linking them again, here or to another collection, doubles nothing. Without
// force it is refused while changes wait that have not gone over.
func (e *Engine) RemoveLink(tx *store.Tx, id store.LinkID, force bool) error {
	l, err := tx.Link(id)
	if err != nil {
		return err
	}
	_, dirty, failing, err := tx.CountPairs(id)
	if err != nil {
		return err
	}
	begun, err := tx.Intents(id)
	if err != nil {
		return err
	}
	unread, err := unread(tx, l)
	if err != nil {
		return err
	}
	waiting := max(dirty, failing, len(begun)) + unread
	switch {
	case waiting == 0 || force:
	case failing > 0: // no run may ever be done with these
		return pim.Errorf("relay: remove link", pim.ErrHeld, "%d items have changes that have not gone over yet, and %d fail (bridge error list --link %d tells why): mend those, or set them aside with bridge error ignore; or leave all where they are with --force", waiting, failing, l.ID)
	default:
		return pim.Errorf("relay: remove link", pim.ErrHeld, "%d items have changes that have not gone over yet; let a run come to its end first, or leave them where they are with --force", waiting)
	}
	return tx.DeleteLink(id)
}

// unread is how many changes of a link's collection no run has read yet, as none does while
// the remote is down or the link is paused. Items that a link never had count only once it
// came to its end: before that nothing was ever in step.
func unread(tx *store.Tx, l store.Link) (n int, err error) {
	c, err := tx.Collection(l.CollectionID)
	if err != nil {
		return 0, err
	}
	var changed []store.Object
	_, _, err = tx.ObjectChanges(c.ID, l.LocalSeq, 0, func(o store.Object) error {
		changed = append(changed, o)
		return nil
	})
	if err != nil {
		return 0, err
	}
	kinds := kindsOf(c, l)
	for _, o := range changed {
		p, err := tx.PairByObject(l.ID, o.ID)
		switch {
		case errors.Is(err, pim.ErrNotFound):
			if !o.Deleted && kinds.Has(o.Kind) && l.LastSuccess != nil {
				n++
			}
		case err != nil:
			return 0, err
		case p.Seq != o.Seq && !p.Dirty && p.Error == "" && p.Intent == "":
			n++
		}
	}
	return n, nil
}

// checkKinds refuses rules for other kinds, when those would link what another link of
// the user has.
func (e *Engine) checkKinds(tx *store.Tx, l store.Link, now rule.Rules) error {
	old, err := rule.Parse(l.Rules)
	c, ok := e.Remotes.(*Connections)
	if !ok || err == nil && slices.Equal(old.Kinds, now.Kinds) {
		return nil
	}
	s, err := c.Settings(l)
	if err != nil {
		return err
	}
	if l.Rules, err = json.Marshal(now); err != nil {
		return fmt.Errorf("relay: rules: %w", err)
	}
	return c.Vacant(tx, l, s)
}
