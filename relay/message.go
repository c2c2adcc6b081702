package relay

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// Messages lie in collections of a home of their own (store.Mail), which no device sees, between a link to a mail folder and one
// to a CRM. They are objects and pairs as all others are, so that runs, reports, previews and failures of them are nothing new.
// What differs follows from what mail is:
//
//   - it goes one way: from the mailbox here, and from here to the CRM, where it is made once and then left alone;
//   - an object's UID is that of the message (pim.Message.UID), and the key of its record is made of that alone: every folder,
//     collection, link and user that has the message makes the same record;
//   - what is gone from the mailbox is no deletion. The copy here goes once the CRM has all of the message, the one there stays;
//   - what a person unlinked is unlinked wherever the message turns up;
//   - bodies are kept in the object only, not in pairs;
//   - files go straight from the mailbox to the CRM, after the message (messagefiles.go).

// mailParts are the parts of a run that messages need, by side.
func mailParts(s store.Side) []string {
	if s == store.Exchange {
		return []string{"look for folders", "read remote", "read hub", "wake", "act"}
	}
	return []string{"resume", "read hub", "wake", "act", "take files"}
}

// mail reports a run of a link of messages.
func (r *run) mail() bool { return r.coll.Home == store.Mail }

// MailRules are rules for a link of messages on a side: which way they go follows from that.
func MailRules(s store.Side, rules rule.Rules) rule.Rules {
	rules.Direction = rule.Out
	if s == store.Exchange {
		rules.Direction = rule.In
	}
	return rules
}

// messages as objects of the store.

func readMessage(text []byte) (pim.Item, error) {
	m := &pim.Message{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, pim.Wrap("relay: message", pim.ErrInvalid, err)
	}
	return m, nil
}

func writeMessage(m *pim.Message) (written, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return written{}, pim.Wrap("relay: message", pim.ErrInternal, err)
	}
	w := written{text: text, component: "MESSAGE", start: math.MinInt64, end: math.MaxInt64}
	if at := m.Time(); !at.IsZero() {
		w.start, w.end = at.Time.Unix(), at.Time.Unix()+1
	}
	return w, nil
}

// applyMessage sets fields of a stored message; what no field shows is the new one's.
func applyMessage(text []byte, it *pim.Message, set pim.FieldSet) (written, error) {
	have, err := readMessage(text)
	if err != nil {
		return written{}, err
	}
	m := have.(*pim.Message)
	pim.Copy(m, it, set)
	m.Cut, m.MoreFiles = it.Cut, it.MoreFiles
	return writeMessage(m)
}

// bodiless is a message as pairs keep it; others are themselves.
func bodiless(it pim.Item) pim.Item {
	m, ok := it.(*pim.Message)
	if !ok || m.Text+m.HTML == "" {
		return it
	}
	slim := pim.Clone(m).(*pim.Message)
	slim.Text, slim.HTML = "", ""
	return slim
}

// embodied is a message with a body in a form that the remote carries.
func (r *run) embodied(it pim.Item) pim.Item {
	m, ok := it.(*pim.Message)
	if !ok {
		return it
	}
	has := r.carried(pim.KindMessage)
	html, text := has.Has(pim.FieldHTML), has.Has(pim.FieldNotes)
	out := pim.Clone(m).(*pim.Message)
	switch {
	case html && !text && m.HTML == "":
		out.HTML = pim.HTMLOfText(m.Text)
	case text && m.Text == "":
		out.Text = pim.TextOfHTML(m.HTML)
	}
	return out
}

// newMessage is the pair of a record with a message that the link did not know under this id: that of another copy of it, which may
// have been moved, if there is one. skip: that one stands, for the rules leave this one out.
func (r *run) newMessage(tx *store.Tx, rec remote.Record) (p store.Pair, skip bool, err error) {
	uid := rec.Item.(*pim.Message).UID()
	known, err := tx.PairsByUID(r.link.ID, uid)
	if err != nil {
		return p, false, err
	}
	if len(known) > 0 {
		p = known[0]
		if !p.RemoteGone && !r.wanted(rec.Item) {
			return p, true, nil
		}
		p.RemoteID = string(rec.ID)
		return p, false, nil
	}
	p = store.Pair{LinkID: r.link.ID, RemoteID: string(rec.ID), UID: uid}
	if o, err := tx.ObjectByUID(r.coll.ID, uid); err == nil {
		p.ObjectID = o.ID
	} else if !errors.Is(err, pim.ErrNotFound) {
		return p, false, err
	}
	return p, false, r.stayApart(tx, &p)
}

// stayApart lets a new pair be unlinked when a person has unlinked the message anywhere else.
func (r *run) stayApart(tx *store.Tx, p *store.Pair) error {
	if !r.mail() || p.ID != 0 || p.Tie != "" {
		return nil
	}
	links, err := tx.Links(r.user.ID)
	if err != nil {
		return err
	}
	for _, l := range links {
		pairs, err := tx.PairsByUID(l.ID, p.UID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(pairs, func(o store.Pair) bool { return rule.Tie(o.Tie) == rule.Apart }) {
			p.Tie = string(rule.Apart)
			return nil
		}
	}
	return nil
}

// everyMessage are the pairs of a message, of which some are known, on all links of the user, and these links.
func everyMessage(tx *store.Tx, of store.Link, known []store.Pair) (pairs []store.Pair, ids []store.LinkID, err error) {
	links, err := tx.Links(of.UserID)
	if err != nil {
		return nil, nil, err
	}
	pairs, ids = known, []store.LinkID{of.ID}
	for _, l := range links {
		if l.ID == of.ID {
			continue
		}
		c, err := tx.Collection(l.CollectionID)
		if err != nil {
			return nil, nil, err
		}
		if c.Home != store.Mail {
			continue
		}
		more, err := tx.PairsByUID(l.ID, known[0].UID)
		if err != nil {
			return nil, nil, err
		}
		if len(more) > 0 {
			pairs, ids = append(pairs, more...), append(ids, l.ID)
		}
	}
	return pairs, ids, nil
}

// letGo is what is to be done with the copy here of a message that is gone from the mailbox: it goes as soon as nobody needs it
// any more.
func (r *run) letGo(tx *store.Tx, v view) (Action, error) {
	if rule.Tie(v.pair.Tie).Parts() {
		return Nothing, nil // what was said of it is remembered by its pair
	}
	if v.state != Gone || v.object.ID == 0 || v.object.Deleted || r.link.Side != store.Exchange {
		return v.action, nil
	}
	links, err := tx.LinksOf(r.coll.ID)
	if err != nil {
		return Nothing, err
	}
	for _, l := range links {
		if l.Side == r.link.Side {
			continue
		}
		p, err := tx.PairByObject(l.ID, v.object.ID)
		if errors.Is(err, pim.ErrNotFound) {
			return Nothing, nil // it has not been looked at
		}
		if err != nil || p.Dirty || p.Intent != "" || p.Error != "" || p.FilesAt != nil {
			return Nothing, err
		}
	}
	return DeleteLocal, nil
}

// letOther has the mailbox's link look again at a message that the CRM has all of.
func (r *run) letOther(tx *store.Tx, object store.ObjectID) error {
	links, err := tx.LinksOf(r.coll.ID)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.ID == r.link.ID {
			continue
		}
		p, err := tx.PairByObject(l.ID, object)
		if errors.Is(err, pim.ErrNotFound) || err == nil && !p.RemoteGone {
			continue
		}
		if err != nil {
			return err
		}
		p.Dirty = true
		if err := tx.SavePair(&p); err != nil {
			return err
		}
	}
	return nil
}

// elseWhose notes that the CRM has a message as another person's activity, which this user may not see: it is there.
func (r *run) elseWhose(tx *store.Tx, st store.Step, v view) error {
	if err := r.missed(tx, st); err != nil {
		return err
	}
	p, err := tx.Pair(v.pair.ID)
	if err != nil {
		return err
	}
	if p.Files, err = (fates{Taken: true}).text(); err != nil {
		return err
	}
	p.FilesAt, p.LocalItem, p.LocalText = nil, nil, nil
	clean(&p)
	r.note(tx, store.Step{PairID: p.ID, UID: p.UID, Title: v.title(), Side: "remote", Action: "match"}, func(*Counts) {})
	return errors.Join(tx.SavePair(&p), r.letOther(tx, p.ObjectID))
}

// peopleOf are the addresses of a message's correspondents but the user's own, who sent it first.
func (r *run) peopleOf(m *pim.Message) (out []string) {
	for i, p := range m.Correspondents() {
		own := strings.EqualFold(p.Email, r.user.Email) || i == 0 && m.Way == pim.Sent && strings.EqualFold(p.Email, m.From.Email)
		if address := strings.TrimSpace(p.Email); !own && strings.Contains(address, "@") && len(out) < mostPeople {
			out = append(out, address)
		}
	}
	return out
}
