package feed

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"crmbridge/pim"
)

// Prefix is where feeds begin on the server.
const Prefix = "/feeds/"

const (
	maxName   = 100
	maxSecret = 200
)

// Address is the address of a feed on the server at base ("https://dav.example.org"), and
// the same as webcal:, which browsers hand to the calendar program.
func Address(base, secret, name string) (address, webcal string) {
	address = strings.TrimSuffix(base, "/") + Prefix + url.PathEscape(secret) + "/" + url.PathEscape(name) + ".ics"
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address, ""
	}
	return address, "webcal://" + rest
}

// ValidName reports, as a pim.ErrInvalid for people, a name that cannot end an address:
// letters, digits and "-._", not beginning with a dot, at most 100 bytes.
func ValidName(name string) error {
	ok := name != "" && len(name) <= maxName && utf8.ValidString(name) && name[0] != '.'
	for _, r := range name {
		ok = ok && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune("-._", r))
	}
	if !ok {
		return pim.Errorf("feed: name", pim.ErrInvalid, "the name of a feed is made of letters, digits, \"-\", \".\" and \"_\", such as \"work\"")
	}
	return nil
}

// split takes the path of a request apart. Secrets of any form are given on: whether one
// is known is asked of the store, so that all wrong ones are alike.
func split(path string) (secret, name string, ok bool) {
	rest, ok := strings.CutPrefix(path, Prefix)
	if !ok {
		return "", "", false
	}
	secret, file, ok := strings.Cut(rest, "/")
	name, ics := strings.CutSuffix(file, ".ics")
	return secret, name, ok && ics && secret != "" && name != "" && len(secret) <= maxSecret && len(name) <= maxName
}
