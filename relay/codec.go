package relay

import (
	"math"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/ics"
	"crmbridge/pim/vcf"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// prodID stands in every object the bridge makes (RFC 5545 3.7.3).
const prodID = "-//crmbridge//relay//EN"

// codec turns text into a typed view and back for one user's zone. It is the one
// place where the relay tells calendars from cards and messages.
type codec struct {
	now  time.Time
	zone string         // IANA, "" = UTC
	loc  *time.Location // of zone; nil = UTC
	// custom are the custom fields, by kind, and where they are in a text (custom.go).
	custom map[pim.Kind][]rule.Custom
}

func newCodec(now time.Time, zone string) codec {
	c := codec{now: now, zone: zone}
	if loc, err := time.LoadLocation(zone); err == nil && zone != "" {
		c.loc = loc
	}
	return c
}

// calendarLimits and cardLimits bound no size: what is stored was judged when it came,
// by limits that may have been others.
func calendarLimits() ics.Limits {
	l := ics.DefaultLimits()
	l.Bytes, l.Attendees = 0, 0
	return l
}

func cardLimits() vcf.Limits {
	l := vcf.DefaultLimits()
	l.Bytes = 0
	return l
}

// read is the typed view of an object's text; nil text gives nil.
func (c codec) read(kind pim.Kind, text []byte) (pim.Item, error) {
	return c.readOver(kind, text, nil)
}

// readOver is read where base is what the item was before: see unsaid.
func (c codec) readOver(kind pim.Kind, text []byte, base pim.Item) (pim.Item, error) {
	if len(text) == 0 {
		return nil, nil
	}
	switch kind {
	case pim.KindMessage:
		return readMessage(text)
	case pim.KindContact:
		card, err := vcf.Parse(text, cardLimits())
		if err != nil {
			return nil, err
		}
		return c.lifted(card.Item(), card.Extra, base), nil
	}
	o, err := ics.Parse(text, calendarLimits())
	if err != nil {
		return nil, err
	}
	it, err := o.Item(ics.Zones{Local: c.loc})
	if err != nil {
		return nil, err
	}
	return c.lifted(it, o.Extra, base), nil
}

func (c codec) lifted(it pim.Item, extra func(string) string, base pim.Item) pim.Item {
	if len(c.custom[it.Kind()]) == 0 {
		return it
	}
	notes := *notesOf(it)
	it = c.lift(it, extra)
	c.unsaid(it, base, notes)
	return it
}

// written is a text ready for the store.
type written struct {
	text       []byte
	component  string
	start, end int64
}

// apply sets the given fields in text and leaves everything else alone.
func (c codec) apply(text []byte, it pim.Item, set pim.FieldSet) (written, error) {
	if m, ok := it.(*pim.Message); ok {
		return applyMessage(text, m, set)
	}
	var more extras
	if len(c.custom[it.Kind()]) > 0 {
		have, err := c.read(it.Kind(), text)
		if err != nil {
			return written{}, err
		}
		pim.Copy(have, it, set)
		all := set
		it, more = c.lower(have)
		if set = c.lowered(it.Kind(), set); !all.Has(pim.FieldCustom) {
			more = nil
		}
	}
	if contact, ok := it.(*pim.Contact); ok {
		card, err := vcf.Parse(text, cardLimits())
		if err != nil {
			return written{}, err
		}
		card, err = vcf.Apply(card, contact, set, vcf.ApplyOptions{Now: c.now})
		if err != nil {
			return written{}, err
		}
		return cardText(card.WithExtra(more, vcf.ApplyOptions{Now: c.now})), nil
	}
	o, err := ics.Parse(text, calendarLimits())
	if err != nil {
		return written{}, err
	}
	o, err = ics.Apply(o, it, set, ics.ApplyOptions{Now: c.now, Zone: c.zone, Zones: ics.Zones{Local: c.loc}})
	if err != nil {
		return written{}, err
	}
	return objectText(o.WithExtra(more, ics.ApplyOptions{Now: c.now})), nil
}

// create makes a whole text of an item.
func (c codec) create(it pim.Item, uid string) (written, error) {
	if m, ok := it.(*pim.Message); ok {
		return writeMessage(m)
	}
	it, more := c.lower(it)
	if contact, ok := it.(*pim.Contact); ok {
		card, err := vcf.New(contact, vcf.V3, vcf.NewOptions{ProdID: prodID, Now: c.now, UID: uid})
		if err != nil {
			return written{}, err
		}
		return cardText(card.WithExtra(present(more), vcf.ApplyOptions{})), nil
	}
	o, err := ics.New(it, ics.NewOptions{ProdID: prodID, Now: c.now, UID: uid, Zone: c.zone})
	if err != nil {
		return written{}, err
	}
	return objectText(o.WithExtra(present(more), ics.ApplyOptions{})), nil
}

// index reads what the store keeps beside a text that somebody else made.
func (c codec) index(kind pim.Kind, text []byte) (written, error) {
	switch kind {
	case pim.KindMessage:
		it, err := readMessage(text)
		if err != nil {
			return written{}, err
		}
		return writeMessage(it.(*pim.Message))
	case pim.KindContact:
		card, err := vcf.Parse(text, cardLimits())
		if err != nil {
			return written{}, err
		}
		return cardText(card), nil
	}
	o, err := ics.Parse(text, calendarLimits())
	if err != nil {
		return written{}, err
	}
	return objectText(o), nil
}

func cardText(card *vcf.Card) written {
	return written{text: card.Bytes(), component: "VCARD", start: math.MinInt64, end: math.MaxInt64}
}

func objectText(o *ics.Object) written {
	start, end := o.Bounds()
	return written{text: o.Bytes(), component: o.Component(), start: start, end: end}
}

// put is a store.Put of w.
func (w written) put(c store.CollectionID, name, uid string, kind pim.Kind) store.Put {
	return store.Put{Collection: c, Name: name, UID: uid, Kind: kind,
		Component: w.component, Text: w.text, Start: w.start, End: w.end}
}

// extension of a resource name.
func extension(kind pim.Kind) string {
	switch kind {
	case pim.KindContact:
		return ".vcf"
	case pim.KindMessage:
		return ".json"
	}
	return ".ics"
}

// Read is the typed view of a text, for showing; nil for no text. zone is the
// user's, IANA.
func Read(kind pim.Kind, text []byte, zone string) (pim.Item, error) {
	return newCodec(time.Time{}, zone).read(kind, text)
}
