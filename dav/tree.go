package dav

import (
	"crmbridge/dav/davxml"
	"strings"
)

// place is a kind of resource, or a set of them.
type place uint16

// The places of the tree.
const (
	atRoot       place = 1 << iota // "/", "/dav/", "/principals/"
	atPrincipals                   // /dav/principals/
	atPrincipal                    // /dav/principals/USER/
	atHomes                        // /dav/calendars/, /dav/addressbooks/
	atCalendarHome
	atBookHome
	atCalendar
	atBook
	atEvent // any calendar object: events, tasks, journal entries
	atCard

	atHome       = atCalendarHome | atBookHome
	atCollection = atCalendar | atBook
	atObject     = atEvent | atCard
	atOwned      = atPrincipal | atHome | atCollection | atObject
	everywhere   = atRoot | atPrincipals | atPrincipal | atHomes | atHome | atCollection | atObject
)

// Paths of the tree, decoded.
const (
	rootPath       = "/dav/"
	oldPath        = "/principals/" // where iOS and macOS look when nothing else led them on
	principalsPath = "/dav/principals/"
)

// target is what a path names by its shape alone; nothing is said about whether it exists.
type target struct {
	at     place
	flavor *flavor // nil above the homes
	user   string  // "" above principals and homes
	slug   string  // of the collection
	name   string  // of the object
	top    string  // the path itself, for atRoot
}

// parsePath reads a decoded path. It is false for what is no place of the tree. A collection may lack the final
// slash: a redirect would make Thunderbird ask its user.
func parsePath(path string) (target, bool) {
	for _, top := range []string{"/", rootPath, oldPath} {
		if path == top || path != "" && path+"/" == top {
			return target{at: atRoot, top: top}, true
		}
	}
	rest, ok := strings.CutPrefix(path, rootPath)
	if !ok {
		return target{}, false
	}
	slash := strings.HasSuffix(rest, "/")
	parts := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	if parts[0] == "principals" {
		switch len(parts) {
		case 1:
			return target{at: atPrincipals}, true
		case 2:
			return target{at: atPrincipal, user: parts[1]}, true
		}
		return target{}, false
	}
	f := flavorOf(parts[0])
	if f == nil {
		return target{}, false
	}
	switch t := (target{flavor: f}); len(parts) {
	case 1:
		t.at = atHomes
		return t, true
	case 2:
		t.at, t.user = f.homeAt, parts[1]
		return t, true
	case 3:
		t.at, t.user, t.slug = f.collectionAt, parts[1], parts[2]
		return t, true
	case 4:
		t.at, t.user, t.slug, t.name = f.objectAt, parts[1], parts[2], parts[3]
		return t, !slash
	}
	return target{}, false
}

// path is the one decoded spelling of t: collections with a final slash.
func (t target) path() string {
	switch {
	case t.at == atRoot:
		return t.top
	case t.at == atPrincipals:
		return principalsPath
	case t.at == atPrincipal:
		return principalPath(t.user)
	case t.at == atHomes:
		return t.flavor.prefix
	case t.at&atHome != 0:
		return t.flavor.homePath(t.user)
	case t.at&atCollection != 0:
		return t.flavor.collectionPath(t.user, t.slug)
	}
	return t.flavor.collectionPath(t.user, t.slug) + t.name
}

// home is the target of the home that t is in.
func (t target) home() target {
	return target{at: t.flavor.homeAt, flavor: t.flavor, user: t.user}
}

// collection is the target of the collection that t is, or is in.
func (t target) collection() target {
	return target{at: t.flavor.collectionAt, flavor: t.flavor, user: t.user, slug: t.slug}
}

// member is the target of a member of the collection t.
func (t target) member(name string) target {
	return target{at: t.flavor.objectAt, flavor: t.flavor, user: t.user, slug: t.slug, name: name}
}

func principalPath(user string) string { return principalsPath + user + "/" }

func (f *flavor) homePath(user string) string { return f.prefix + user + "/" }

func (f *flavor) collectionPath(user, slug string) string { return f.prefix + user + "/" + slug + "/" }

// decodeTarget reads an href or a Destination. hosts are the names this server goes by.
func decodeTarget(href string, hosts []string) (target, bool) {
	path, err := davxml.DecodeHref(href, hosts)
	if err != nil {
		return target{}, false
	}
	return parsePath(path)
}
