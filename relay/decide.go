package relay

import "fmt"

// State is one side of a pair compared with the agreed base.
type State uint8

// States.
const (
	Absent  State = iota // never was there, as far as the pair knows
	Same                 // there, as agreed
	Changed              // there, and different from what was agreed, or new
	Gone                 // was there and is not any more
)

var stateNames = [...]string{"absent", "same", "changed", "gone"}

// String is the word used in logs.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// Action is what a pair needs. Local is the hub, Remote the CRM or mail server.
type Action uint8

// Actions.
const (
	Nothing      Action = iota // both sides are as agreed
	Agree                      // both changed, to the same: only the base moves
	CreateLocal                // the remote item has no living object
	CreateRemote               // the object has no living remote item
	UpdateLocal                // carry the remote's changes over
	UpdateRemote               // carry the hub's changes over
	DeleteLocal
	DeleteRemote
	Reconcile // both changed, differently: merge by field
	Forget    // neither side has it any more
	Part      // the object was moved out of the collection: the remote item stays, and they part
)

var actionNames = [...]string{"nothing", "agree", "create local", "create remote", "update local",
	"update remote", "delete local", "delete remote", "merge", "forget", "part"}

// String is the word used in reports.
func (a Action) String() string {
	if int(a) < len(actionNames) {
		return actionNames[a]
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// Decide is total over the states. equal tells whether the two sides agree in all
// carried fields; it matters only when both are Changed. A change beats a
// deletion: the changed item comes back on the other side, because what somebody
// wrote must not vanish.
func Decide(local, remote State, equal bool) Action {
	switch local {
	case Absent:
		switch remote {
		case Same, Changed:
			return CreateLocal
		}
		return Forget
	case Same:
		switch remote {
		case Absent:
			return CreateRemote
		case Changed:
			return UpdateLocal
		case Gone:
			return DeleteLocal
		}
		return Nothing
	case Changed:
		switch remote {
		case Absent, Gone:
			return CreateRemote
		case Same:
			return UpdateRemote
		}
		if equal {
			return Agree
		}
		return Reconcile
	}
	// Gone, and anything unknown is treated as gone would be dangerous: only the
	// named state deletes.
	if local != Gone {
		return Nothing
	}
	switch remote {
	case Same:
		return DeleteRemote
	case Changed:
		return CreateLocal
	}
	return Forget
}
