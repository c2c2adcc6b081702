package several

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// star marks the place of every collection of some kinds; the names of the kinds follow.
const star = "*"

// All is the place of every collection of the user's own that has any of these kinds, whenever it was made. Collections that
// others share with the user are among them where the scope has other people's items (remote.Scope.AllOwners).
func All(kinds pim.KindSet) remote.CollectionID {
	var names []string
	for _, k := range kinds.List() {
		names = append(names, k.String())
	}
	return remote.CollectionID(star + strings.Join(names, ","))
}

// IsAll reports a place of every collection, and of which kinds.
func IsAll(c remote.CollectionID) (kinds pim.KindSet, ok bool) {
	rest, ok := strings.CutPrefix(string(c), star)
	if !ok {
		return 0, false
	}
	for _, name := range strings.Split(rest, ",") {
		k, err := pim.ParseKind(name)
		if err != nil {
			return 0, false
		}
		kinds |= pim.Kinds(k)
	}
	return kinds, true
}

// Place is the place that has these collections; of one it is that collection itself. The first takes new items.
func Place(ids ...remote.CollectionID) remote.CollectionID {
	if len(ids) == 1 {
		return ids[0]
	}
	b, _ := json.Marshal(ids) // texts can be written
	return remote.CollectionID(b)
}

// Is reports the place of several collections.
func Is(c remote.CollectionID) bool {
	_, every := IsAll(c)
	return every || len(Chosen(c)) > 0
}

// Chosen are the collections of a place made by Place of several; nil for All, and for a collection of a remote.
func Chosen(c remote.CollectionID) []remote.CollectionID {
	var ids []remote.CollectionID
	if !strings.HasPrefix(string(c), "[") || json.Unmarshal([]byte(c), &ids) != nil || len(ids) < 2 {
		return nil
	}
	return ids
}

// Overlap reports places of a driver's that can have an item in common.
func Overlap(d remote.Driver, a, b remote.CollectionID) bool {
	_, allA := IsAll(a)
	_, allB := IsAll(b)
	if allA || allB {
		return true // which kinds each takes is told elsewhere
	}
	for _, x := range parts(a) {
		for _, y := range parts(b) {
			if d.Overlap(x, y) {
				return true
			}
		}
	}
	return false
}

// Holds reports that a collection is one of the place's. Of All that cannot be told.
func Holds(place, c remote.CollectionID) bool { return slices.Contains(parts(place), c) }

func parts(c remote.CollectionID) []remote.CollectionID {
	if ids := Chosen(c); ids != nil {
		return ids
	}
	return []remote.CollectionID{c}
}

// At is the id, in a place, of an item of one of its collections.
func At(place, c remote.CollectionID, id remote.ItemID) remote.ItemID {
	if !Is(place) {
		return id
	}
	return join(sign(c), id)
}

// Bare is the id that an item has in its own collection.
func Bare(id remote.ItemID) remote.ItemID {
	_, bare := split(id)
	return bare
}

const signLength = 10

// sign stands for a collection in ids and cursors. Ids of collections are long, and the same for as long as they are there.
func sign(c remote.CollectionID) string {
	sum := sha256.Sum256([]byte(c))
	return hex.EncodeToString(sum[:])[:signLength]
}

func join(sign string, id remote.ItemID) remote.ItemID {
	return remote.ItemID("~" + sign + "~" + string(id))
}

// split is the sign in an id, "" in one that has none, and the rest.
func split(id remote.ItemID) (string, remote.ItemID) {
	s := string(id)
	if len(s) < signLength+2 || s[0] != '~' || s[signLength+1] != '~' {
		return "", id
	}
	if _, err := hex.DecodeString(s[1 : signLength+1]); err != nil {
		return "", id
	}
	return s[1 : signLength+1], remote.ItemID(s[signLength+2:])
}

// takes reports a collection of All of kinds for a scope.
func takes(c remote.Collection, kinds pim.KindSet, s remote.Scope) bool {
	if s.Kinds != 0 {
		kinds &= s.Kinds
	}
	return c.Kinds&kinds != 0 && (s.AllOwners || !c.Others)
}

// home is the collection among some that takes new items of a kind.
func home(cs []remote.Collection, k pim.Kind) (remote.CollectionID, bool) {
	for _, c := range cs {
		if c.Kinds.Has(k) && !c.ReadOnly && !c.Others {
			return c.ID, true
		}
	}
	return "", false
}

// Words is a place for people: the id of a collection of the remote's, or what it has.
func Words(c remote.CollectionID) string { return Named(c, nil) }

// mostNamed is how many names of collections are told in a line.
const mostNamed = 3

// Named is a place for people by the names of its collections, as far as these are known.
func Named(c remote.CollectionID, names map[remote.CollectionID]string) string {
	if kinds, every := IsAll(c); every {
		var names []string
		for _, k := range kinds.List() {
			names = append(names, k.String()+"s")
		}
		return "all " + strings.Join(names, " and ")
	}
	ids := Chosen(c)
	if ids == nil {
		if name := names[c]; name != "" {
			return name
		}
		return string(c)
	}
	var known []string
	for _, id := range ids {
		if name := names[id]; name != "" && len(known) < mostNamed {
			known = append(known, name)
		}
	}
	switch more := len(ids) - len(known); {
	case len(known) == 0:
		return strconv.Itoa(len(ids)) + " collections"
	case more > 0:
		return strings.Join(known, ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(known, ", ")
}
