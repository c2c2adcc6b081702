package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// addressBook is the link that takes the contacts of a link's activities: one of the same
// user's to the same account, for contacts; the named one, or, with "", the one made first, so that another
// address book changes nothing. pim.ErrInvalid says what is in the way.
func (e *Engine) addressBook(tx *store.Tx, l store.Link, name string) (store.Link, error) {
	var s remote.Settings
	if c, ok := e.Remotes.(knowing); ok {
		var err error
		if s, err = c.Settings(l); err != nil {
			return store.Link{}, err
		}
	}
	fit, err := addressBooks(tx, e.Remotes, l, s, name)
	if err != nil {
		return store.Link{}, err
	}
	return fit[0], nil
}

// addressBooks are the links that can take the contacts of a link's activities, the first one first, or the named one; there
// is one at least. A link without an id has the settings given.
func addressBooks(tx *store.Tx, remotes Opener, l store.Link, s remote.Settings, name string) (fit []store.Link, err error) {
	const op = "relay: address book"
	links, err := tx.Links(l.UserID)
	if err != nil {
		return nil, err
	}
	for _, other := range links {
		if other.ID == l.ID || other.Driver != l.Driver || other.Side != l.Side {
			continue
		}
		coll, err := tx.Collection(other.CollectionID)
		if err != nil {
			return nil, err
		}
		if !kindsOf(coll, other).Has(pim.KindContact) {
			continue
		}
		if c, ok := remotes.(knowing); ok {
			there, err := c.Settings(other)
			if err != nil {
				return nil, err
			}
			if !sameAccount(s, there) {
				continue
			}
		}
		if name != "" && other.Name == name {
			return []store.Link{other}, nil
		}
		fit = append(fit, other)
	}
	switch {
	case len(fit) == 0:
		return nil, pim.Errorf(op, pim.ErrInvalid, "no address book is linked to this account, so that contacts of activities have no place; link one first")
	case name != "":
		return nil, pim.Errorf(op, pim.ErrInvalid, "no link %q brings contacts of this account (contactsLink); there are %s", name, quotedNames(fit))
	}
	return fit, nil
}

func quotedNames(links []store.Link) string {
	names := make([]string, len(links))
	for i, l := range links {
		names[i] = strconv.Quote(l.Name)
	}
	return strings.Join(names, ", ")
}

// giversTo are the links whose activities' contacts come to this link.
func (r *run) giversTo(tx *store.Tx) (map[store.LinkID]bool, error) {
	out := map[store.LinkID]bool{}
	if r.coll.Home != store.AddressBooks {
		return out, nil
	}
	links, err := tx.Links(r.link.UserID)
	for _, l := range links {
		rules, bad := rule.Parse(l.Rules)
		if l.ID == r.link.ID || bad != nil || !rules.ActivityContacts {
			continue
		}
		to, err := r.addressBook(tx, l, rules.ContactsLink)
		out[l.ID] = err == nil && to.ID == r.link.ID
	}
	return out, err
}

// CheckContacts refuses rules by which contacts come along where there are none to come, or
// where they have no place: relatedContacts for what is no address book, activityContacts
// without one that is linked to the same account. The link may have no id yet.
func CheckContacts(tx *store.Tx, remotes Opener, l store.Link, s remote.Settings, now rule.Rules) error {
	const op = "relay: rules"
	if !now.RelatedContacts && !now.ActivityContacts {
		return nil
	}
	coll, err := tx.Collection(l.CollectionID)
	if err != nil {
		return err
	}
	contacts := coll.Home == store.AddressBooks
	if now.RelatedContacts && !contacts {
		return pim.Errorf(op, pim.ErrInvalid, "relatedContacts is for links of contacts; this one brings activities (activityContacts)")
	}
	if now.ActivityContacts && contacts {
		return pim.Errorf(op, pim.ErrInvalid, "activityContacts is for links of activities; this one brings contacts (relatedContacts)")
	}
	if !now.ActivityContacts {
		return nil
	}
	fit, err := addressBooks(tx, remotes, l, s, now.ContactsLink)
	if err == nil && len(fit) > 1 {
		return pim.Errorf(op, pim.ErrInvalid, "several address books are linked to this account (%s); name one as contactsLink", quotedNames(fit))
	}
	return err
}

// TellsContacts refuses rules by which contacts come along for a remote that tells of no items
// of these kinds to which contacts they are tied.
func TellsContacts(ctx context.Context, rem remote.Remote, kinds []pim.Kind, now rule.Rules) error {
	if !now.RelatedContacts && !now.ActivityContacts {
		return nil
	}
	none := pim.Errorf("relay: rules", pim.ErrInvalid, "this CRM does not tell to which contacts its records are tied")
	rel, ok := remote.As[remote.Relations](rem)
	if !ok {
		return none
	}
	for _, k := range kinds {
		roles, err := rel.Roles(ctx, k)
		if err != nil {
			return nil // other rules can be changed while the remote is down
		}
		for _, role := range roles {
			if role.Of != "" {
				return nil
			}
		}
	}
	return none
}

// checkNewContacts is CheckContacts for other rules of a link, when it is these that change.
func (e *Engine) checkNewContacts(ctx context.Context, id store.LinkID, now rule.Rules) error {
	var l store.Link
	var old rule.Rules
	err := e.Store.View(ctx, func(tx *store.Tx) (err error) {
		if l, err = tx.Link(id); err == nil {
			old, _ = rule.Parse(l.Rules)
		}
		return err
	})
	if err != nil || old.RelatedContacts == now.RelatedContacts && old.ActivityContacts == now.ActivityContacts && old.ContactsLink == now.ContactsLink {
		return err
	}
	if r, err := e.reach(ctx, id); err == nil { // else the rules are to be changed all the same
		if err := TellsContacts(ctx, r.rem, r.kinds.List(), now); err != nil {
			return err
		}
	}
	return e.Store.View(ctx, func(tx *store.Tx) error {
		var s remote.Settings
		if c, ok := e.Remotes.(knowing); ok {
			if s, err = c.Settings(l); err != nil {
				return err
			}
		}
		return CheckContacts(tx, e.Remotes, l, s, now)
	})
}

// alongOf reads why a pair came along; false when it did not.
func alongOf(p store.Pair) (a along, ok bool) {
	ok = p.Along != "" && json.Unmarshal([]byte(p.Along), &a) == nil
	return a, ok
}

func (a along) text() (string, error) {
	b, err := json.Marshal(a)
	return string(b), err
}

// alongWords tell what a contact came along with; nothing of one that did not.
func (r *run) alongWords(tx *store.Tx, p store.Pair) ([]string, error) {
	why, ok := alongOf(p)
	if !ok {
		return nil, nil
	}
	with, err := tx.PairByRemote(why.Link, why.Record)
	if errors.Is(err, pim.ErrNotFound) {
		return []string{"It came along with a record that is not known here any more (" + why.Role + ")."}, nil
	}
	if err != nil {
		return nil, err
	}
	it, err := pim.DecodeItem(with.TheirItem)
	if err != nil || it == nil {
		return nil, err
	}
	words := fmt.Sprintf("It comes along with %q (%s).", it.Summary(), why.Role)
	if !r.inForce(why) {
		words = fmt.Sprintf("It came along with %q (%s), by a rule that is off now; it stays.", it.Summary(), why.Role)
	}
	return []string{words}, nil
}
