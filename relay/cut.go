package relay

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"crmbridge/pim"
)

// A remote may keep less of a text than was written: it cuts it. The hub keeps all of it. What
// is left there is no change of the remote's, whatever became of the base; and what a
// person changes in it there is put before the rest that the remote never had.

// shortened is a text of which a remote kept the beginning.
type shortened struct {
	field    pim.FieldID
	kept, of int // characters
}

// shortenedIn are the texts among set that a remote kept the beginning of.
func shortenedIn(sent, kept pim.Item, set pim.FieldSet) (out []shortened) {
	if sent == nil || kept == nil || sent.Kind() != kept.Kind() {
		return nil
	}
	for _, f := range pim.Fields(sent.Kind()) {
		if all, some := f.Text(sent), f.Text(kept); set.Has(f.ID) && f.IsText() && begins(all, some) {
			out = append(out, shortened{f.ID, utf8.RuneCountInString(some), utf8.RuneCountInString(all)})
		}
	}
	return out
}

// begins reports that some is a part of all that leaves more out than white space at its end.
func begins(all, some string) bool {
	some = strings.TrimRight(some, " \t\n")
	return some != "" && strings.HasPrefix(all, some) && len(some) < len(strings.TrimRight(all, " \t\n"))
}

// cuttable are the texts that may be cut: those of which the remote says so, and those that
// nobody looks up in a list.
func cuttable(limits map[pim.FieldID]int) pim.FieldSet {
	set := freeTexts()
	for id := range limits {
		set = set.Or(pim.Set(id))
	}
	return set
}

// tell is how steps say it: "title to 250 of 412".
func tell(cuts []shortened) string {
	words := make([]string, len(cuts))
	for i, c := range cuts {
		words[i] = fmt.Sprintf("%s to %d of %d", c.field, c.kept, c.of)
	}
	return strings.Join(words, ", ")
}

// cutAway reports that the remote's value of a field is what it keeps of the local one.
func (s Sides) cutAway(f pim.Field) bool {
	most := s.TextLimit[f.ID]
	if most <= 0 || !f.IsText() {
		return false
	}
	all, some := f.Text(s.Local), f.Text(s.Remote)
	if !begins(all, some) {
		return false
	}
	// Some count characters, some the units of UTF-16, and white space at the new end may go.
	for _, head := range []string{firstRunes(all, most), firstUnits(all, most)} {
		if strings.TrimSpace(head) == strings.TrimSpace(some) {
			return true
		}
	}
	return false
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func firstUnits(s string, n int) string {
	for i, r := range s {
		if n -= utf16.RuneLen(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

// seamMost is how many bytes of the end of a cut text have to be as they were, for the rest
// to belong behind it; of a shorter text all.
const seamMost = 24

// whole is what the remote's new value of a field makes of the hub's: where only the beginning
// of a text was there, and its end is as it was, the rest is kept. A text that was written
// anew there stands for all of it.
func (s Sides) whole(f pim.Field) (string, bool) {
	if s.BaseLocal == nil || s.BaseRemote == nil || !f.IsText() || !cuttable(s.TextLimit).Has(f.ID) {
		return "", false
	}
	all, some, now := f.Text(s.BaseLocal), f.Text(s.BaseRemote), f.Text(s.Remote)
	if !begins(all, some) {
		return "", false
	}
	seam := some[max(0, len(some)-seamMost):]
	for !utf8.RuneStart(seam[0]) {
		seam = seam[1:]
	}
	if !strings.HasSuffix(now, seam) {
		return "", false
	}
	return now + all[len(some):], true
}

// take puts the remote's value of a field into the merged item.
func (s Sides) take(f pim.Field, m *Merged) {
	f.Copy(m.Item, s.Remote)
	if all, ok := s.whole(f); ok {
		_ = f.SetText(m.Item, all) // a text takes any value
	}
}

// stillCut are the fields of which the remote has a part only, and the same as when both
// sides agreed.
func stillCut(localBase, remoteBase, theirs pim.Item, set pim.FieldSet) (same pim.FieldSet) {
	for _, c := range shortenedIn(localBase, remoteBase, set) {
		f, _ := pim.FieldByID(c.field)
		if theirs != nil && theirs.Kind() == remoteBase.Kind() && f.Equal(remoteBase, theirs) {
			same = same.With(f)
		}
	}
	return same
}

// freeTexts are the texts that are in a person's own words, and that nobody looks up in a list.
func freeTexts() pim.FieldSet {
	return pim.Set(pim.FieldTitle, pim.FieldNotes, pim.FieldLocation, pim.FieldReport, pim.FieldFullName)
}
