package relay

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// pairNote is one note as store.Pair.Notes has it.
type pairNote struct {
	remote.Note
	// Kept is set for a value that was sent again and that the remote did not take.
	Kept *keptOther `json:"kept,omitempty"`
}

// keptOther says of which values of a field it is known that the remote keeps its own.
type keptOther struct {
	Local  string    `json:"local"` // fingerprints of the field
	Remote string    `json:"remote"`
	At     time.Time `json:"at"`
}

// keptFor is how long a remote is taken at its word: by then it may have the person or the
// company that it did not know.
const keptFor = 24 * time.Hour

func (k *keptOther) of(f pim.Field, local, theirs pim.Item) bool {
	one := pim.FieldSet{}.With(f)
	return k.Local == pim.Fingerprint(local, one) && k.Remote == pim.Fingerprint(theirs, one)
}

// noted are the notes of a pair after a write of some fields: those about other fields
// stay true.
func noted(before string, now []remote.Note, written pim.FieldSet) (string, error) {
	all, err := pairNotes(before)
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(n pairNote) bool { return written.Has(n.Field) })
	for _, n := range now {
		all = append(all, pairNote{Note: n})
	}
	return notesText(all)
}

func pairNotes(text string) (all []pairNote, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &all)
	}
	return all, err
}

func notesText(all []pairNote) (string, error) {
	if len(all) == 0 {
		return "", nil
	}
	b, err := json.Marshal(all)
	return string(b), err
}

// keeping adds to the notes of a pair the fields in set of which the remote kept its own
// value, though it was sent ours.
func (r *run) keeping(notes string, set pim.FieldSet, local, theirs pim.Item) (string, error) {
	all, err := pairNotes(notes)
	if err != nil {
		return "", err
	}
	for _, f := range pim.Fields(local.Kind()) {
		if !set.Has(f.ID) {
			continue
		}
		one := pim.FieldSet{}.With(f)
		all = append(all, pairNote{
			Note: remote.Note{Field: f.ID, Says: fmt.Sprintf("the remote keeps its own value of the %s, though ours was sent again", f.ID)},
			Kept: &keptOther{Local: pim.Fingerprint(local, one), Remote: pim.Fingerprint(theirs, one), At: r.now},
		})
	}
	return notesText(all)
}

// keptThere are the fields of which the remote is known to keep its own value.
func (r *run) keptThere(p store.Pair, local, theirs pim.Item) (set pim.FieldSet) {
	all, err := pairNotes(p.Notes)
	if err != nil {
		return set // it is sent, which does no harm
	}
	for _, n := range all {
		f, ok := pim.FieldByID(n.Field)
		if ok && n.Kept != nil && r.now.Before(n.Kept.At.Add(keptFor)) && n.Kept.of(f, local, theirs) {
			set = set.With(f)
		}
	}
	return set
}

// Notes tells what became of the names that had to be looked up for an item, as far as it is
// still so.
func Notes(p store.Pair) ([]remote.Note, error) {
	all, err := pairNotes(p.Notes)
	if err != nil {
		return nil, err
	}
	var out []remote.Note
	for _, n := range all {
		if n.Kept == nil {
			out = append(out, n.Note)
		}
	}
	return out, nil
}

// keptWords tell which values of an item the remote is known to keep its own of.
func keptWords(p store.Pair, local, theirs pim.Item) (words []string) {
	all, err := pairNotes(p.Notes)
	if err != nil || local == nil || theirs == nil || local.Kind() != theirs.Kind() {
		return nil
	}
	for _, n := range all {
		if f, ok := pim.FieldByID(n.Field); ok && n.Kept != nil && n.Kept.of(f, local, theirs) {
			words = append(words, n.Says)
		}
	}
	return words
}
