package dav

import (
	"cmp"
	"errors"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/line"
	"crmbridge/pim/vcf"
	"crmbridge/remote"
)

// prodID stands in the texts that are made here (RFC 5545 3.7.3).
const prodID = "-//crmbridge//dav//EN"

// codec turns texts into items and back.
type codec struct {
	zone string         // IANA, "" = UTC
	loc  *time.Location // of zone
	now  func() time.Time
}

func (c codec) zones() ics.Zones { return ics.Zones{Local: c.loc} }

func limits() ics.Limits {
	l := ics.DefaultLimits()
	l.Bytes, l.Attendees = 8<<20, 0 // servers keep pictures in events
	return l
}

func cardLimits() vcf.Limits {
	l := vcf.DefaultLimits()
	l.Bytes = 8 << 20
	return l
}

// item is the typed view of a text, with the fields that are carried; nil for a component that is neither event nor task.
func (c codec) item(book bool, text []byte) (pim.Item, error) {
	if book {
		card, err := vcf.Parse(text, cardLimits())
		if err != nil {
			return nil, err
		}
		return masked(card.Item()), nil
	}
	o, err := ics.Parse(text, limits())
	if err != nil {
		return nil, err
	}
	if name := o.Component(); name != "VEVENT" && name != "VTODO" {
		return nil, nil
	}
	it, err := o.Item(c.zones())
	if err != nil {
		return nil, err
	}
	return masked(it), nil
}

// masked is it with the fields that are carried, and its UID.
func masked(it pim.Item) pim.Item {
	out := pim.New(it.Kind())
	pim.Copy(out, it, carries()[it.Kind()])
	return withUID(out, it.ID())
}

// withUID sets the UID of an item that is nobody else's.
func withUID(it pim.Item, uid string) pim.Item {
	switch v := it.(type) {
	case *pim.Event:
		v.UID = uid
	case *pim.Task:
		v.UID = uid
	case *pim.Contact:
		v.UID = uid
	}
	return it
}

// fresh is the text of a new item: the entry's own with the item's fields and without what is a CRM's alone, else one that is made.
func (c codec) fresh(f *folder, e remote.Entry, key string) ([]byte, error) {
	uid := uidOf(e, key)
	want := withUID(masked(e.Item), uid)
	if contact, ok := want.(*pim.Contact); ok {
		return c.freshCard(f, contact, e.Text)
	}
	o, err := c.given(want, e.Text)
	if err != nil {
		o, err = ics.New(want, ics.NewOptions{ProdID: prodID, Now: c.now(), UID: uid, Zone: c.zone})
	}
	if err != nil {
		return nil, err
	}
	if !f.schedules {
		return o.Bytes(), nil
	}
	return silenced(o.Bytes())
}

// uidOf is the UID of a new item.
func uidOf(e remote.Entry, key string) string { return cmp.Or(e.UID, e.Item.ID(), key) }

var errOther = errors.New("dav: the text is not the item's")

// given is the entry's text, if it is one of this item.
func (c codec) given(want pim.Item, text []byte) (*ics.Object, error) {
	if len(text) == 0 {
		return nil, errOther
	}
	o, err := ics.Parse(text, limits())
	if err != nil {
		return nil, err
	}
	if o.UID() != want.ID() || len(o.Validate()) > 0 {
		return nil, errOther
	}
	return ics.Apply(o, want, pim.AllOf(want.Kind()), ics.ApplyOptions{Zone: c.zone, Zones: c.zones()})
}

func (c codec) freshCard(f *folder, want *pim.Contact, text []byte) ([]byte, error) {
	card, err := givenCard(want, text)
	if err == nil && !f.cards[card.Version()] {
		card, err = vcf.Convert(card, f.card)
	}
	if err != nil {
		card, err = vcf.New(want, f.card, vcf.NewOptions{ProdID: prodID, Now: c.now(), UID: want.UID})
	}
	if err != nil {
		return nil, err
	}
	return card.Bytes(), nil
}

func givenCard(want *pim.Contact, text []byte) (*vcf.Card, error) {
	if len(text) == 0 {
		return nil, errOther
	}
	card, err := vcf.Parse(text, cardLimits())
	if err != nil {
		return nil, err
	}
	if card.UID() != want.UID {
		return nil, errOther
	}
	card, err = vcf.Apply(card, want, pim.AllOf(pim.KindContact), vcf.ApplyOptions{})
	if err != nil {
		return nil, err
	}
	return vcf.Complete(card, want.UID), nil
}

// changed is text with the named fields of it; same reports that nothing has to be written.
func (c codec) changed(text []byte, it pim.Item, set pim.FieldSet) (next []byte, same bool, err error) {
	it = masked(it)
	set = set.And(carries()[it.Kind()])
	if contact, ok := it.(*pim.Contact); ok {
		card, err := vcf.Parse(text, cardLimits())
		if err != nil {
			return nil, false, err
		}
		out, err := vcf.Apply(card, contact, set, vcf.ApplyOptions{Now: c.now()})
		if err != nil {
			return nil, false, err
		}
		return out.Bytes(), out == card, nil
	}
	o, err := ics.Parse(text, limits())
	if err != nil {
		return nil, false, err
	}
	out, err := ics.Apply(o, it, set, ics.ApplyOptions{Now: c.now(), Zone: c.zone, Zones: c.zones()})
	if err != nil {
		return nil, false, err
	}
	return out.Bytes(), out == o, nil
}

// components are the events and tasks of a text, for what is to be changed or read in their lines.
func components(text []byte) (*line.Text, []*line.Block, error) {
	t, err := line.Parse(text, limits().Limits)
	if err != nil {
		return nil, nil, err
	}
	var out []*line.Block
	for _, cal := range t.Blocks() {
		out = append(out, cal.Blocks("VEVENT")...)
		out = append(out, cal.Blocks("VTODO")...)
	}
	return t, out, nil
}
