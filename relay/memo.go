package relay

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/gob"
	"fmt"
	"io"
	"sync"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// memo is what it takes to take one write of a run back. It is stored with the write's step
// (store.Step.Undo) and goes with it.
type memo struct {
	Pair store.Pair // as it was before the write
	// Of a write to the hub: the object, the change that the write was, and the text before,
	// nil when there was no object.
	Object store.ObjectID
	Name   string
	Kind   pim.Kind
	Seq    store.Seq
	Text   []byte
	// After is what the remote had after a write to it (pim.EncodeItem), or, as long as its
	// answer is not known, what it should have; nil after a deletion.
	After []byte
	// TiesBefore and TiesAfter are, of a change of relations, the changed ones, role by role.
	TiesBefore, TiesAfter []remote.Relation
	// Told: it has what the remote had before and after, for the history of the item, and not what taking the write back needs.
	Told bool
}

// There is no bound to how many memos a run has, only to the room that they may take: one that is
// larger than several texts of the largest size, and those past what is a danger to the disk, are not
// kept, and the undo tells of such writes that they cannot be taken back.
const (
	maxMemo  = 32 << 20
	maxMemos = 4 << 30
)

// packer compresses the memos of one run.
type packer struct {
	mu    sync.Mutex
	to    *flate.Writer
	total int
	most  int // 0: maxMemos
}

// pack is a memo for the store; nil when there is no room for it.
func (p *packer) pack(m memo) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b bytes.Buffer
	if p.to == nil {
		w, err := flate.NewWriter(&b, flate.BestSpeed)
		if err != nil {
			return nil, fmt.Errorf("relay: memo: %w", err)
		}
		p.to = w
	}
	p.to.Reset(&b)
	if err := gob.NewEncoder(p.to).Encode(m); err != nil {
		return nil, fmt.Errorf("relay: memo: %w", err)
	}
	if err := p.to.Close(); err != nil {
		return nil, fmt.Errorf("relay: memo: %w", err)
	}
	if b.Len() > maxMemo || p.total+b.Len() > cmp.Or(p.most, maxMemos) {
		return nil, nil
	}
	p.total += b.Len()
	return b.Bytes(), nil
}

// unpack reads a memo; false when none was kept by which the write can be taken back.
func unpack(b []byte) (m memo, ok bool, err error) {
	m, ok, err = recall(b)
	return m, ok && !m.Told, err
}

// recall reads a memo, be it only for the history; false when none was kept.
func recall(b []byte) (m memo, ok bool, err error) {
	if len(b) == 0 {
		return m, false, nil
	}
	// What deflates to more than this was not made by pack.
	from := io.LimitReader(flate.NewReader(bytes.NewReader(b)), 1<<30)
	if err := gob.NewDecoder(from).Decode(&m); err != nil {
		return m, false, pim.Wrap("relay: memo", pim.ErrInternal, err)
	}
	return m, true, nil
}

// keep stores a step with what it takes to undo it, in the transaction of its write: a run
// that is killed has told of every write it made.
func (r *run) keep(tx *store.Tx, s *store.Step, m memo) (err error) {
	s.ID = 0
	if r.fleeting && r.stepped() >= r.listed() {
		return nil
	}
	if s.Undo, err = r.memos.pack(m); err != nil {
		return err
	}
	s.RunID = r.rep.Run.ID
	return tx.AddStep(s)
}

// wrote is note for a write to the hub.
func (r *run) wrote(tx *store.Tx, s store.Step, m memo, add func(*Counts)) error {
	s.Side, s.Outcome = "local", "done"
	if err := r.keep(tx, &s, m); err != nil {
		return err
	}
	r.note(tx, s, add)
	return nil
}

// intend stores, with the intent of a write to the remote, the step that it is going to be.
func (r *run) intend(tx *store.Tx, s *store.Step, m memo) error {
	s.Side, s.Outcome = "remote", "begun"
	return r.keep(tx, s, m)
}

// achieved is note for a write to the remote that was intended, and is done.
func (r *run) achieved(tx *store.Tx, s store.Step, m memo) error {
	s.Outcome = "done"
	if s.ID != 0 {
		var err error
		if s.Undo, err = r.memos.pack(m); err != nil {
			return err
		}
		if err := tx.FinishStep(s); err != nil {
			return err
		}
	}
	r.note(tx, s, func(*Counts) {})
	return nil
}

// missed removes the step of a write that was intended and is known not to have been done.
func (r *run) missed(tx *store.Tx, s store.Step) error {
	if s.ID == 0 {
		return nil
	}
	return tx.DropStep(s.ID)
}
