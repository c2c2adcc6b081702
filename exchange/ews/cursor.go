package ews

import (
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// cursorPrefix names the format: the kind that was listed, then the state that Exchange gave.
const cursorPrefix = "e1."

const opChanges = "ews: changes"

func encodeCursor(k pim.Kind, state string) remote.Cursor {
	return remote.Cursor(cursorPrefix + k.String() + "." + state)
}

// kindOf is the kind that a cursor goes on with.
func kindOf(c remote.Cursor) (pim.Kind, bool) {
	rest, ok := strings.CutPrefix(string(c), cursorPrefix)
	word, state, _ := strings.Cut(rest, ".")
	k, err := pim.ParseKind(word)
	return k, ok && err == nil && (tables[k] != nil || k == pim.KindMessage) && state != ""
}

// decodeCursor is the state in a cursor for a folder of a kind. One that is not ours asks for a new start.
func decodeCursor(c remote.Cursor, k pim.Kind) (state string, err error) {
	if c == "" {
		return "", nil
	}
	rest, ok := strings.CutPrefix(string(c), cursorPrefix)
	kind, state, both := strings.Cut(rest, ".")
	if !ok || !both || kind != k.String() || state == "" {
		return "", pim.Errorf(opChanges, pim.ErrCursorGone, "the listing has to begin anew")
	}
	return state, nil
}
