package pim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxAttachments is how many bytes the files of one item have together as far as they are carried, so that the text of the
// item, in which they stand as base64, stays within what clients may store (1 MiB unless configured otherwise).
const MaxAttachments = 640 << 10

// Attachment is a file of an event or a task (RFC 5545 3.8.1.1). Files of mail are File: those are streamed and kept nowhere.
type Attachment struct {
	Name string `json:"name,omitempty"` // "offer.pdf"; "" when the source has none
	Type string `json:"type,omitempty"` // media type; a hint that is not compared
	Size int64  `json:"size"`           // bytes, decoded
	// Digest is the SHA-256 of Bytes in hex. Both are empty for a file that is known to be there and is not carried: it is
	// past MaxAttachments, or has no bytes. Such an entry is for people: it is no part of the field's value, and no
	// write adds, changes or removes the file.
	Digest string `json:"digest,omitempty"`
	Bytes  []byte `json:"bytes,omitempty"`
}

// NewAttachment is a carried file; without bytes it is one that is only named.
func NewAttachment(name, mediaType string, b []byte) Attachment {
	a := Attachment{Name: name, Type: mediaType, Size: int64(len(b))}
	if len(b) > 0 {
		sum := sha256.Sum256(b)
		a.Bytes, a.Digest = b, hex.EncodeToString(sum[:])
	}
	return a
}

// Carried reports a file whose bytes are here.
func (a Attachment) Carried() bool { return a.Digest != "" }

// Same reports the same file under the same name.
func (a Attachment) Same(b Attachment) bool {
	return a.Carried() && a.Digest == b.Digest && plain(a.Name) == plain(b.Name)
}

// Named is a without its bytes: a file that is not carried.
func (a Attachment) Named() Attachment {
	a.Digest, a.Bytes = "", nil
	return a
}

// Carry tells which of the files of an item are carried, by their sizes in bytes: those that go into MaxAttachments one after
// the other. Empty ones, and those whose size is not known (negative), are not.
func Carry(sizes []int64) []bool {
	out := make([]bool, len(sizes))
	var sum int64
	for i, n := range sizes {
		if n > 0 && n <= MaxAttachments-sum {
			out[i] = true
			sum += n
		}
	}
	return out
}

func attachmentKey(a Attachment) string {
	if name := plain(a.Name); name != "" {
		return name
	}
	return sep + a.Digest
}

func attachmentText(a Attachment) string { return join(plain(a.Name), a.Digest) }

func attachmentShow(a Attachment) string {
	name := plain(a.Name)
	if name == "" {
		name = "file without a name"
	}
	s := name + " (" + sizeShow(a.Size) + ")"
	if !a.Carried() {
		s += " not carried"
	}
	return s
}

// sizeShow is a number of bytes for people.
func sizeShow(n int64) string {
	switch {
	case n == 1:
		return "1 byte"
	case n < 1000:
		return strconv.FormatInt(n, 10) + " bytes"
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1000*1000))
}

// AttachmentsOf are the files of an event or a task, nil for other items.
func AttachmentsOf(it Item) []Attachment { return ActivityOf(it).Attachments }

// attachments is the row of the files. Its value are those that are carried; the others are shown only. Either side of a link may
// have files that the other one cannot keep, so that a change is always merged, never taken over whole (Field.Parts).
func attachments() Field {
	at := func(it Item) *[]Attachment { return &ActivityOf(it).Attachments }
	f := list(FieldAttachments, "Attachments", activities, Content, at, attachmentKey, attachmentText, attachmentShow)
	f.text = func(it Item) string {
		var texts []string
		for _, a := range *at(it) {
			if a.Carried() {
				texts = append(texts, strconv.Quote(attachmentText(a)))
			}
		}
		slices.Sort(texts)
		return strings.Join(texts, "")
	}
	f.copy = func(dst, src Item) {
		out := slices.Clone(*at(src))
		for i := range out {
			out[i].Bytes = slices.Clone(out[i].Bytes)
		}
		*at(dst) = out
	}
	f.each = func(it Item) (names []string) {
		for _, a := range *at(it) {
			names = append(names, plain(a.Name))
		}
		return names
	}
	f.parts = func(baseMine, mine, baseTheirs, theirs, into Item) bool {
		out, ok := mergeAttachments(*at(baseMine), *at(mine), *at(baseTheirs), *at(theirs))
		if ok {
			*at(into) = out
		}
		return ok
	}
	f.merge = func(base, mine, theirs, into Item) bool { return f.parts(base, mine, base, theirs, into) }
	return f
}

// mergeAttachments is mergeList where each side has a base of its own: what only one base has is a file that the other side
// could not keep, and was not deleted there. Nor was a file that a side still has and does not carry any more.
func mergeAttachments(baseMine, mine, baseTheirs, theirs []Attachment) ([]Attachment, bool) {
	mine, theirs = carriedOf(baseMine, mine), carriedOf(baseTheirs, theirs)
	var base []Attachment
	for _, a := range baseMine {
		if slices.ContainsFunc(baseTheirs, a.Same) {
			base = append(base, a)
		}
	}
	return mergeList(base, mine, theirs, attachmentKeys(base, mine, theirs), attachmentText)
}

// attachmentKeys is attachmentKey, with the digest for names that several files of one side have, as pictures do ("image001.png"):
// they are told apart by what is in them.
func attachmentKeys(sides ...[]Attachment) func(Attachment) string {
	shared := map[string]bool{}
	for _, all := range sides {
		seen := map[string]bool{}
		for _, a := range all {
			key := attachmentKey(a)
			shared[key] = shared[key] || seen[key]
			seen[key] = true
		}
	}
	return func(a Attachment) string {
		key := attachmentKey(a)
		if shared[key] {
			key += sep + a.Digest
		}
		return key
	}
}

func carriedOf(base, now []Attachment) []Attachment {
	var out []Attachment
	for _, a := range now {
		if a.Carried() {
			if !slices.ContainsFunc(out, a.Same) { // twice is once
				out = append(out, a)
			}
			continue
		}
		i := slices.IndexFunc(base, func(b Attachment) bool { return b.Carried() && plain(b.Name) == plain(a.Name) })
		if i >= 0 && !slices.ContainsFunc(now, base[i].Same) {
			out = append(out, base[i])
		}
	}
	return out
}
