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
	{"Betterbird/", quirks{family: "Thunderbird", badTokenIs400: true}},
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

// deviceOf tells programs apart that share the account password, since each has downloaded something else. An app
// password is one device whatever it calls itself, and an Authenticator may have told them apart already.
func deviceOf(device, agent string) string {
	if !strings.HasPrefix(device, "user:") || strings.Contains(device, "/") {
		return device
	}
	family := quirksOf(agent).family
	if family == "" {
		family, _, _ = strings.Cut(agent, "/")
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
