package relay

import (
	"errors"
	"fmt"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// Planning is one thing that a run would do.
type Planning struct {
	Side   string // local, remote; "" when nothing would be written
	Action string // create, update, delete, unassign, note, move, unlink, match; file, leave file; conflict, fail
	UID    string
	Kind   pim.Kind
	Title  string // of the item; for its owner's eyes
	Fields []FieldChange
	Mail   bool   // would make the remote mail somebody
	Reason string // why it would fail
	// File is the name of the file that it is about: "file" would take it over to the remote, "leave file" leave it out.
	File string
}

// addFiles puts what would become of files behind the other changes, as far as there is room.
func (p *Preview) addFiles(files []Planning) {
	if room := max(0, maxSteps-len(p.Changes)); len(files) > room {
		files, p.Cut = files[:room], true
	}
	p.Changes = append(p.Changes, files...)
}

// planner tells of a run what it did, in the words of a preview.
type planner struct {
	tx     *store.Tx
	codec  codec
	mailed map[string]bool
	most   int // how many changes are listed
}

// changes are the first of the run; a few memos at a time are in memory.
func (t planner) changes(run store.RunID) (out []Planning, err error) {
	for after := int64(0); len(out) < t.most; {
		some, err := t.tx.Steps(store.StepFilter{Run: run, After: after, Limit: min(200, t.most-len(out))})
		if err != nil || len(some) == 0 {
			return out, err
		}
		for _, s := range some {
			one, err := t.change(s)
			if err != nil {
				return nil, err
			}
			out, after = append(out, one), s.ID
		}
	}
	return out, nil
}

func (t planner) change(s store.Step) (Planning, error) {
	one := Planning{Side: s.Side, Action: s.Action, UID: s.UID, Title: s.Title, Reason: s.Error}
	m, kept, err := unpack(s.Undo)
	if err != nil {
		return one, err
	}
	if kept {
		one.Mail = s.Side == "remote" && (t.mailed[s.UID] || t.mailed[m.Pair.RemoteID])
		if err := t.fields(&one, m); err != nil {
			return one, fmt.Errorf("relay: preview: %w", err)
		}
	} else if p, err := t.tx.Pair(s.PairID); err == nil {
		if it, err := t.item(p); err == nil && it != nil { // what cannot be read is told without it
			one.Kind, one.Title = it.Kind(), it.Summary()
		}
	}
	return one, nil
}

// fields adds what would be written, before and after.
func (t planner) fields(one *Planning, m memo) error {
	var before, after pim.Item
	var err error
	if one.Side == "remote" {
		if before, err = pim.DecodeItem(m.Pair.TheirItem); err != nil {
			return err
		}
		if after, err = pim.DecodeItem(m.After); err != nil {
			return err
		}
		if one.Action == "create" {
			before = nil
		}
	} else {
		if before, err = t.codec.read(m.Kind, m.Text); err != nil {
			return err
		}
		if one.Action != "delete" {
			v, err := t.tx.Version(m.Object, m.Seq)
			if err != nil {
				return err
			}
			if after, err = t.codec.read(m.Kind, v.Text); err != nil {
				return err
			}
		}
	}
	for _, it := range []pim.Item{after, before} {
		if it != nil {
			one.Kind, one.Title = it.Kind(), it.Summary()
			break
		}
	}
	one.Fields = fieldChanges(before, after)
	return nil
}

// waiting are the items that a person has to say something about.
func (t planner) waiting(id store.LinkID) (out []Planning, all int, err error) {
	for after := store.PairID(0); ; {
		ps, err := t.tx.PairsIn(id, store.PairsHeld, 500, after)
		if err != nil || len(ps) == 0 {
			return out, all, err
		}
		for _, p := range ps {
			all++
			if after = p.ID; len(out) >= t.most {
				continue
			}
			one := Planning{Action: p.Hold, UID: p.UID, Reason: rule.Hold(p.Hold).Says()}
			it, err := t.item(p)
			if err != nil {
				return nil, 0, err
			}
			if it != nil {
				one.Kind, one.Title = it.Kind(), it.Summary()
			}
			out = append(out, one)
		}
	}
}

// item is that of a pair, as the remote has it or else as it is here; nil for none.
func (t planner) item(p store.Pair) (pim.Item, error) {
	it, err := pim.DecodeItem(p.TheirItem)
	if err != nil || it != nil {
		return it, err
	}
	o, err := t.tx.ObjectByID(p.ObjectID)
	if errors.Is(err, pim.ErrNotFound) || err == nil && o.Deleted {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t.codec.read(o.Kind, o.Text)
}
