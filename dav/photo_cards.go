package dav

import (
	"strings"

	"github.com/google/uuid"

	"crmbridge/pim/vcf"
	"crmbridge/store"
)

// suits reports a program that takes every card as it is.
func (k quirks) suits() bool { return !k.oldCards && !k.smallPhotos && !k.revInUTC }

// suited is the text of a card as the program of the request can take it: of version 3.0 unless it asked for another
// (and with it groups in Apple's way), with small photos, with REV in UTC, and without our own mark on a name. The ETag
// stays that of the stored text.
func (q *request) suited(text []byte, asked vcf.Version) []byte {
	if q.quirks.suits() {
		return vcf.PlainText(text, q.h.limits.vcf())
	}
	c, err := vcf.Parse(text, q.h.limits.vcf())
	if err != nil {
		return text
	}
	return q.suitedCard(c, asked).Bytes()
}

// suitedCard is suited for a card that was read; c itself when nothing has to change.
func (q *request) suitedCard(c *vcf.Card, asked vcf.Version) *vcf.Card {
	if q.quirks.oldCards && asked == "" {
		if converted, err := vcf.Convert(c, vcf.V3); err == nil {
			c = converted
		}
	}
	if q.quirks.revInUTC {
		c = vcf.RevInUTC(c)
	}
	if q.quirks.smallPhotos {
		c = c.MapPhotos(func(photo []byte) []byte { return q.h.photos.shrink(q.ctx, photo) })
	}
	return c.Plain()
}

// settle makes a card fit to be stored at name in parent, where old is now (nil: nothing). It gets a UID, FN and N where
// they are missing, and photos that were only made small for a program are the originals again, whichever program sends
// them. Other documents, and cards that need nothing, are themselves. A mark of ours that a program has kept beside an
// N means nothing: what counts is whether the N is still the one that we made.
func (q *request) settle(tx *store.Tx, doc document, parent *resource, name string, old *resource) (document, error) {
	mine, ok := doc.(cardDocument)
	if !ok {
		return doc, nil
	}
	c := mine.Plain()
	if c.UID() == "" {
		c = vcf.Complete(c, uidFor(c, parent, name, old))
	} else {
		c = vcf.Complete(c, "")
	}
	if old != nil {
		var err error
		if c, err = q.keepDerived(tx, c, old); err != nil {
			return nil, err
		}
	}
	if old != nil && hasSmallPhoto(c) {
		c = restorePhotos(c, q.storedCard(old.obj.Text))
		if hasSmallPhoto(c) { // somebody has changed the photo since: take the version that the device has seen
			saw, err := q.saw(tx, old)
			if err != nil {
				return nil, err
			}
			c = restorePhotos(c, q.storedCard(saw.text))
		}
	}
	if c == mine.Card {
		return doc, nil
	}
	return cardDocument{c}, nil
}

// keepDerived marks the N of c again when it is the one that we made for the card as it is stored, or, if somebody has
// changed that since, for the version that the device has seen.
func (q *request) keepDerived(tx *store.Tx, c *vcf.Card, old *resource) (*vcf.Card, error) {
	stored := q.storedCard(old.obj.Text)
	if stored == nil {
		return c, nil
	}
	if kept := vcf.KeepDerived(c, stored); kept != c || !c.CouldBeDerived() {
		return kept, nil
	}
	saw, err := q.saw(tx, old)
	if seen := q.storedCard(saw.text); err == nil && seen != nil {
		c = vcf.KeepDerived(c, seen)
	}
	return c, err
}

// uidFor makes up a UID (RFC 6352 5.1): that of the card that is replaced, else one that follows from where the card
// is, so that a PUT that is repeated makes the same card again.
func uidFor(c *vcf.Card, parent *resource, name string, old *resource) string {
	if old != nil && old.obj.UID != "" {
		return old.obj.UID
	}
	uid := uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:crmbridge:card:"+parent.col.Epoch+"/"+name)).String()
	if c.Version() == vcf.V4 {
		return "urn:uuid:" + uid // RFC 6350 6.7.6: a URI by default
	}
	return uid
}

func hasSmallPhoto(c *vcf.Card) bool {
	for _, photo := range c.Photos() {
		if strings.HasPrefix(string(comment(photo)), photoMark) {
			return true
		}
	}
	return false
}

// storedCard reads a text of ours; nil when there is none, or it does not read by the rules of today.
func (q *request) storedCard(text []byte) *vcf.Card {
	if len(text) == 0 {
		return nil
	}
	c, err := vcf.Parse(text, q.h.limits.vcf())
	if err != nil {
		return nil
	}
	return c
}
