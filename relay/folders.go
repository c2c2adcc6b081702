package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
)

// The folders of a mail server have ids that nobody can read. What people call them is kept with the link, so that it can be told without asking,
// and of one that was deleted at all. A folder that people delete goes to the bin, where it is read as before by whoever knows its id: so a run
// looks now and then whether those of its link are still where people see them.

// folderNames is store.Link.Folders.
type folderNames struct {
	At time.Time                      `json:"at"` // when they were asked for
	Of map[remote.CollectionID]string `json:"of"`
}

// lookEvery is how often a run looks for the folders of its link.
const lookEvery = 10 * time.Minute

func namesOf(l store.Link) folderNames {
	var n folderNames
	if json.Unmarshal([]byte(l.Folders), &n) != nil {
		return folderNames{}
	}
	return n
}

// FolderNames are the names of the collections that a link leads to, as far as they are known.
func FolderNames(l store.Link) map[remote.CollectionID]string { return namesOf(l).Of }

// Place is what a link leads to, in words.
func Place(l store.Link) string { return several.Named(remote.CollectionID(l.Remote), FolderNames(l)) }

// leadsTo are the collections that a link names; none for a link to all.
func leadsTo(l store.Link) []remote.CollectionID {
	place := remote.CollectionID(l.Remote)
	if _, every := several.IsAll(place); every || place == "" || l.Side != store.Exchange {
		return nil
	}
	if ids := several.Chosen(place); ids != nil {
		return ids
	}
	return []remote.CollectionID{place}
}

// NameFolders notes in a link what the collections that it names are called, among all that there are. One that is gone keeps its last name. It
// reports whether anything is another than it was.
func NameFolders(l *store.Link, cs []remote.Collection, now time.Time) bool {
	old := namesOf(*l)
	next := folderNames{At: now.UTC(), Of: map[remote.CollectionID]string{}}
	for _, id := range leadsTo(*l) {
		name := old.Of[id]
		for _, c := range cs {
			if c.ID == id {
				name = c.Name
			}
		}
		if name = strings.TrimSpace(name); name != "" {
			next.Of[id] = name
		}
	}
	b, err := json.Marshal(next)
	if err != nil {
		return false // times and texts can be written
	}
	l.Folders = string(b)
	return !maps.Equal(old.Of, next.Of)
}

// lookForFolders fails where one is gone that was there. Of one that was never told of, as somebody else's is not, nothing is known.
func (r *run) lookForFolders(ctx context.Context) error {
	was := namesOf(r.link)
	if len(leadsTo(r.link)) == 0 || r.now.Sub(was.At) < lookEvery && !strings.Contains(r.link.LastError, notThere) {
		return nil
	}
	cs, err := r.rem.Collections(ctx)
	switch {
	case err != nil && ends(pim.ReasonOf(err)):
		return err // it would be the same with all that follows
	case err != nil:
		return nil // a login may not be let see more than its folder
	}
	NameFolders(&r.link, cs, r.now)
	if err := r.update(ctx, func(tx *store.Tx) error { return tx.UpdateLink(r.link, "Folders") }); err != nil {
		return err
	}
	if !r.sees(cs) {
		return nil
	}
	var gone []string
	for id, name := range missing(r.link, cs) {
		if was.Of[id] != "" {
			gone = append(gone, name)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	slices.Sort(gone)
	return pim.Errorf("relay: folders", pim.ErrNotFound, "%s", AreGone(gone))
}

// sees reports that collections of the link's kinds are told of at all: a right that was taken away hides all of them.
func (r *run) sees(cs []remote.Collection) bool {
	return slices.ContainsFunc(cs, func(c remote.Collection) bool { return c.Kinds&r.kinds != 0 })
}

// wentFolder is a failure to read the link's folders in words that name those that are not there, where that is why.
func (r *run) wentFolder(ctx context.Context, failure error) error {
	if !errors.Is(failure, pim.ErrNotFound) || len(leadsTo(r.link)) == 0 {
		return failure
	}
	cs, err := r.rem.Collections(ctx)
	if err != nil {
		return failure
	}
	gone := GoneFolders(r.link, cs)
	if len(gone) == 0 {
		return failure
	}
	return &pim.Error{Op: "relay: folders", Kind: pim.ErrNotFound, Public: AreGone(gone), Err: failure}
}

// GoneFolders are the collections of a link that are not among those that there are, by their last names.
func GoneFolders(l store.Link, cs []remote.Collection) []string {
	return slices.Sorted(maps.Values(missing(l, cs)))
}

func missing(l store.Link, cs []remote.Collection) map[remote.CollectionID]string {
	names, out := FolderNames(l), map[remote.CollectionID]string{}
	for _, id := range leadsTo(l) {
		if !slices.ContainsFunc(cs, func(c remote.Collection) bool { return c.ID == id }) {
			out[id] = cmp.Or(names[id], string(id))
		}
	}
	return out
}

// notThere is in what is said of a link of which a folder is gone: its runs look each time, until it is back.
const notThere = " not there any more, or the login may not see "

// AreGone tells of folders that cannot be seen, by their names.
func AreGone(names []string) string {
	if len(names) == 1 {
		return `"` + names[0] + `" is` + notThere + "it"
	}
	return `"` + strings.Join(names, `", "`) + `" are` + notThere + "them"
}
