package relay

import (
	"strconv"
	"strings"

	"crmbridge/store"
)

// Author is who changed an item, and with what; for people.
type Author struct {
	// Side is "client", or "crm" or "exchange" for a link; "" when nobody knows.
	Side string `json:"side"`
	// Who is the account; "" for a link and what the bridge does by itself.
	Who string `json:"who,omitempty"`
	// Name is that of the device, program or link.
	Name string `json:"name"`
}

// String is the author in words; "" when nobody knows.
func (a Author) String() string {
	switch {
	case a.Side == "":
		return ""
	case a.Side != "client":
		return a.Side + " " + a.Name
	case a.Who == "" || a.Name == "":
		return a.Who + a.Name
	}
	return a.Who + ", " + a.Name
}

// authors tells authors by what the store notes of them (Version.By, Object.Origin), in the
// collections of one user. Names are as they are now.
type authors struct {
	tx    *store.Tx
	user  store.User
	sides map[string]string // of links, by name
}

func newAuthors(tx *store.Tx, u store.User) (authors, error) {
	a := authors{tx: tx, user: u, sides: map[string]string{}}
	links, err := tx.Links(u.ID)
	for _, l := range links {
		a.sides[l.Name] = string(l.Side)
	}
	return a, err
}

func (a authors) of(by string) (Author, error) {
	kind, rest, _ := strings.Cut(by, ":")
	switch kind {
	case "":
		return Author{}, nil
	case string(store.CRM), string(store.Exchange):
		return Author{Side: kind, Name: rest}, nil
	case "relay":
		side := a.sides[rest]
		if side == "" {
			side = "link" // it is gone, or has another name
		}
		return Author{Side: side, Name: rest}, nil
	case "dav":
		who, device, _ := strings.Cut(rest, "/")
		name, err := DeviceName(a.tx, a.user, device)
		return Author{Side: "client", Who: who, Name: name}, err
	case "shell":
		return Author{Side: "client", Name: "command line"}, nil
	case "page":
		return Author{Side: "client", Who: rest, Name: "web page"}, nil
	}
	return Author{Side: "client", Name: by}, nil
}

// DeviceName is a device in words: the name of an app password, or the program that used
// the account's own.
func DeviceName(tx *store.Tx, u store.User, device string) (string, error) {
	kind, rest, _ := strings.Cut(device, ":")
	switch kind {
	case "token":
		ts, err := tx.Tokens(u.ID)
		for _, t := range ts {
			if strconv.FormatInt(int64(t.ID), 10) == rest {
				return t.Name, err
			}
		}
		return device, err
	case "user":
		if _, program, ok := strings.Cut(rest, "/"); ok && program != "" {
			return program, nil
		}
		return "account password", nil
	}
	return device, nil
}

// ItemOrigin tells where the item of a pair was first made.
func ItemOrigin(tx *store.Tx, u store.User, p store.Pair) (Author, error) {
	by, err := tx.OriginOf(p)
	if err != nil {
		return Author{}, err
	}
	a, err := newAuthors(tx, u)
	if err != nil {
		return Author{}, err
	}
	return a.of(by)
}

// ParseOrigin reads what a person wants to see the items of: client, crm, exchange, or the
// name of a link, an app password or a program; "" is everything.
func ParseOrigin(tx *store.Tx, u store.User, word string) (f store.OriginFilter, err error) {
	switch word {
	case "":
		return f, nil
	case "client":
		f.Client = true
		return f, nil
	case string(store.CRM), string(store.Exchange):
		f.Side = store.Side(word)
		return f, nil
	}
	links, err := tx.Links(u.ID)
	if err != nil {
		return f, err
	}
	for _, l := range links {
		if l.Name == word {
			f.Any = append(f.Any, string(l.Side)+":"+word)
		}
	}
	tokens, err := tx.Tokens(u.ID)
	if err != nil {
		return f, err
	}
	for _, t := range tokens {
		if t.Name == word {
			f.Any = append(f.Any, "dav:"+u.Name+"/token:"+strconv.FormatInt(int64(t.ID), 10))
		}
	}
	f.Any = append(f.Any, "dav:"+u.Name+"/user:"+strconv.FormatInt(int64(u.ID), 10)+"/"+word)
	return f, nil
}
