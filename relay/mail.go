package relay

import (
	"context"
	"errors"
	"fmt"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/store"
)

// left are the fields that the rules leave behind when an item goes over. They keep the
// base they had, as any field that is not let through, so that they go once the rules
// let them.
func left(v rule.Verdict) pim.FieldSet {
	if v.Alone {
		return pim.Set(pim.FieldAttendees)
	}
	return pim.FieldSet{}
}

// without is the item with some fields empty, in its occurrences too.
func without(it pim.Item, set pim.FieldSet) pim.Item {
	if it == nil || set.IsEmpty() {
		return it
	}
	it = pim.WithOccurrences(it, func(o pim.Occurrence) pim.Item { return without(o.Item, set) })
	if pim.Diff(it, pim.New(it.Kind()), set).IsEmpty() {
		return it
	}
	out := pim.Clone(it)
	pim.Copy(out, pim.New(it.Kind()), set)
	return out
}

// wholeText reports that the text a create was begun with shows no more than what it
// sent.
func (r *run) wholeText(p store.Pair, sent pim.Item) bool {
	if len(rule.EverybodyOf(sent)) > 0 || len(p.LocalText) == 0 {
		return true
	}
	it, err := r.codec.read(sent.Kind(), p.LocalText)
	return err == nil && len(rule.EverybodyOf(it)) == 0
}

// unmailed refuses a write that would make the remote mail somebody, unless the rules let
// it, and not for more than they let: the item waits, with the reason. ref without id is a create, e without item a
// deletion. A remote is only asked where there is anybody to mail.
func (r *run) unmailed(ctx context.Context, v view, ref remote.Ref, e remote.Entry, changed pim.FieldSet) error {
	if len(rule.EverybodyOf(v.theirs)) == 0 && len(rule.EverybodyOf(e.Item)) == 0 {
		return nil
	}
	m, ok := remote.As[remote.Mailer](r.rem)
	if !ok {
		if r.rules.Mail != rule.MailAllow {
			return nil
		}
		return r.mayMail(ctx, mailable(v.theirs, e.Item))
	}
	people, err := m.Mails(ctx, remote.CollectionID(r.link.Remote), ref, e, changed)
	if errors.Is(err, pim.ErrNotFound) {
		return errChangedThere
	}
	if err != nil || len(people) == 0 {
		return err
	}
	if r.rules.Mail == rule.MailAllow {
		return r.mayMail(ctx, len(people))
	}
	return pim.Errorf("relay: mail", pim.ErrHeld, "the remote would mail %s about it, and the rule mail is never; it waits here", persons(len(people)))
}

func persons(n int) string {
	if n == 1 {
		return "one person"
	}
	return fmt.Sprintf("%d people", n)
}

// silent refuses a write, done for a person at once, that would make the remote mail somebody, be it that the remote
// tells whom or that it mails without being asked.
func (r *run) silent(ctx context.Context, v view, ref remote.Ref, e remote.Entry, changed pim.FieldSet) error {
	if r.traits.MailsAttendees && r.rules.Mail != rule.MailAllow && len(rule.EverybodyOf(v.theirs))+len(rule.EverybodyOf(e.Item)) > 0 {
		return pim.Errorf("relay: mail", pim.ErrHeld, "the remote would mail those who take part; the rule mail does not allow it")
	}
	return r.unmailed(ctx, v, ref, e, changed)
}
