package dav

import "strings"

// quirks is what is known of a program beyond the standards.
type quirks struct {
	// family names the program without its version, "" when it is unknown.
	family string
	// badTokenIs400: only 400 makes it drop a sync token of an address book; after the 403 of RFC 6578 3.2 it
	// is stuck for good.
	badTokenIs400 bool
	// oldCards: it reads vCard 3.0 only and does not say so; groups have to be Apple's.
	oldCards bool
	// smallPhotos: large photos make it fail, or slow beyond use (CLIENTS.md 27).
	smallPhotos bool
	// revInUTC: contacts whose REV is not in UTC vanish (CLIENTS.md 28).
	revInUTC bool
}

// quirkTable is searched in order for a part of the User-Agent; the first hit counts.
var quirkTable = []struct {
	part string
	quirks
}{
	{"Thunderbird/", quirks{family: "Thunderbird", badTokenIs400: true}},
	{"Betterbird/", quirks{family: "Betterbird", badTokenIs400: true}}, // Thunderbird's sources, but what it has is its own
	{"DAVx5/", quirks{family: "DAVx5"}},
	{"Evolution/", quirks{family: "Evolution"}},
	{"akonadi", quirks{family: "KDE"}},
	{"KDE DAV", quirks{family: "KDE"}}, // its GETs come under another name
	{"CalDavSynchronizer/", quirks{family: "CalDavSynchronizer", oldCards: true, smallPhotos: true}},
	{"vdirsyncer/", quirks{family: "vdirsyncer"}},
	{"iOS/", quirks{family: "iOS", oldCards: true, smallPhotos: true}},
	{"macOS/", quirks{family: "macOS", oldCards: true}},
	{"Mac OS X/", quirks{family: "macOS", oldCards: true}},
	{"eM Client", quirks{family: "eM Client", revInUTC: true}},
}

// quirksOf looks a User-Agent up.
func quirksOf(agent string) quirks {
	for _, row := range quirkTable {
		if strings.Contains(agent, row.part) {
			return row.quirks
		}
	}
	return quirks{}
}

// deviceOf tells programs apart that share the account password, since each has downloaded something else: a program of the
// table by its family, another by its name. An app password is one device whatever it calls itself.
func deviceOf(device, agent string) string {
	if !strings.HasPrefix(device, "user:") {
		return device
	}
	family := quirksOf(agent).family
	if family == "" {
		family = productOf(agent)
	}
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == ' ', r == '-', r == '.':
			return r
		}
		return -1
	}, family)
	if clean = strings.TrimSpace(clean[:min(len(clean), 40)]); clean == "" {
		return device
	}
	return device + "/" + clean
}

// productOf is the name of a program in its User-Agent, without the version: a program stays itself when it is updated.
// The first product is the most significant (RFC 9110 10.1.5), but where it is Mozilla, which half of all programs claim
// to be, the last one says who it is.
func productOf(agent string) string {
	name, rest, _ := strings.Cut(agent, "/")
	if name != "Mozilla" {
		return name
	}
	depth := 0
	rest = strings.Map(func(r rune) rune { // without comments
		switch r {
		case '(':
			depth++
		case ')':
			depth = max(0, depth-1)
			return -1
		}
		if depth > 0 {
			return -1
		}
		return r
	}, rest)
	for _, product := range strings.Fields(rest) {
		if last, _, ok := strings.Cut(product, "/"); ok && last != "" {
			name = last
		}
	}
	return name
}
