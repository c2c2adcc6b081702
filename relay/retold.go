package relay

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"crmbridge/pim"
)

// What was written is read back, and what the remote made of a text is agreed: it cuts, trims, takes out what it cannot
// hold. A text that cannot have been made of the one that was sent is none of that. Somebody, or a process of the remote,
// changed it between the write and the reading: that is the remote's change, and still has to come over.

// retold are the texts among set that are somebody else's words by now.
func retold(sent, now pim.Item, set pim.FieldSet) pim.FieldSet {
	var out pim.FieldSet
	if sent == nil || now == nil || sent.Kind() != now.Kind() || sent.Kind() == pim.KindMessage {
		return out
	}
	set = set.And(freeTexts()).Minus(pim.Set(pim.FieldFullName)) // which many a CRM composes of the names
	for _, f := range pim.Fields(sent.Kind()) {
		if set.Has(f.ID) && !cameOf(f.Text(sent), f.Text(now)) {
			out = out.With(f)
		}
	}
	return out
}

// lettersOfOne is how many letters a remote may write for one that it cannot hold: ß becomes ss, щ shch.
const lettersOfOne = 4

// cameOf reports that a text can be what a remote keeps of another: no letter is in it that was not in the other, in that
// order, but for those that stand for letters beyond ASCII. What a remote fills in for no text is its own affair.
func cameOf(sent, kept string) bool {
	if sent == "" || sent == kept {
		return true
	}
	spare, ahead := 0, map[rune]int{} // how many of each are still to come
	rest := strings.ToLower(sent)
	for _, r := range sent {
		if r >= utf8.RuneSelf {
			spare += lettersOfOne
		}
	}
	for _, r := range rest {
		ahead[r]++
	}
	for _, r := range strings.ToLower(kept) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			continue
		}
		if ahead[r] == 0 { // known without a look through the rest, which can be long
			if spare--; spare < 0 {
				return false
			}
			continue
		}
		for found := false; !found; {
			c, n := utf8.DecodeRuneInString(rest)
			rest, found = rest[n:], c == r
			ahead[c]--
		}
	}
	return true
}
