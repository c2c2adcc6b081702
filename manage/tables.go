package manage

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmbridge/review"
)

// Table is a list as cells, for terminals and spreadsheets. Commands and pages write a list with the same one.
type Table[T any] struct {
	Head []string
	// Cells are those of a row; at writes a moment where the reader is, and nothing for nil or the zero time.
	Cells func(row T, at func(*time.Time) string) []string
}

// ItemTable is the list of errors, and that of what is held.
func ItemTable() Table[review.Item] {
	return Table[review.Item]{
		Head: []string{"NO", "USER", "LINK", "KIND", "TITLE", "UID", "STATE", "TRIED", "NEXT", "REASON"},
		Cells: func(i review.Item, at func(*time.Time) string) []string {
			tried := ""
			if i.Attempts > 0 {
				tried = strconv.Itoa(i.Attempts)
			}
			return []string{strconv.FormatInt(i.No, 10), i.User, i.Link, i.Kind, i.Title, i.UID, i.State, tried, at(i.RetryAt), i.Reason}
		},
	}
}

// KnownTable is the list of what a link knows.
func KnownTable() Table[review.Known] {
	return Table[review.Known]{
		Head: []string{"NO", "KIND", "SUMMARY", "UID", "ORIGIN", "STATE", "REASON"},
		Cells: func(i review.Known, _ func(*time.Time) string) []string {
			return []string{strconv.FormatInt(i.No, 10), i.Kind, i.Summary, i.UID, i.Origin.String(), strings.Join(i.States, ","), i.Reason}
		},
	}
}

// RunTable is the list of runs.
func RunTable() Table[review.Run] {
	return Table[review.Run]{
		Head: []string{"RUN", "USER", "LINK", "BEGAN", "SECONDS", "TRIGGER", "OUTCOME", "RUNS", "IN", "OUT", "CONFLICTS", "FAILED", "HELD", "REQUESTS", "TRACE", "REASON"},
		Cells: func(r review.Run, at func(*time.Time) string) []string {
			n := r.Counts
			return []string{strconv.FormatInt(int64(r.ID), 10), r.User, r.Link, at(&r.Started), strconv.FormatFloat(r.Seconds, 'f', 1, 64), r.Trigger,
				cmp.Or(r.Outcome, "under way"), strconv.Itoa(max(1, r.Quiet)), strconv.Itoa(n.CreatedLocal + n.UpdatedLocal + n.DeletedLocal),
				strconv.Itoa(n.CreatedRemote + n.UpdatedRemote + n.DeletedRemote), strconv.Itoa(n.Conflicts), strconv.Itoa(n.Failed), strconv.Itoa(n.Withheld),
				strconv.Itoa(r.Requests), r.Trace, r.Error}
		},
	}
}

// StepTable is what a run did.
func StepTable() Table[review.Step] {
	return Table[review.Step]{
		Head: []string{"NO", "TITLE", "UID", "SIDE", "ACTION", "OUTCOME", "FIELDS", "CUT", "TRACE", "REASON"},
		Cells: func(s review.Step, _ func(*time.Time) string) []string {
			return []string{strconv.FormatInt(s.No, 10), s.Title, s.UID, s.Side, s.Action, s.Outcome, s.Fields, s.Cut, s.Trace, s.Error}
		},
	}
}

// ConflictTable is the list of conflicts.
func ConflictTable() Table[Conflict] {
	return Table[Conflict]{
		Head: []string{"ID", "USER", "COLLECTION", "ITEM", "CAUSE", "FIELDS", "FROM", "SINCE", "STATE"},
		Cells: func(c Conflict, at func(*time.Time) string) []string {
			fields := make([]string, len(c.Fields))
			for i, id := range c.Fields {
				fields[i] = string(id)
			}
			return []string{strconv.FormatInt(int64(c.ID), 10), c.User, c.Collection, c.Summary, string(c.Cause), strings.Join(fields, ","), c.Device, at(&c.Created), c.State}
		},
	}
}

// DuplicateTable is the list of items that may be one.
func DuplicateTable() Table[Duplicate] {
	return Table[Duplicate]{
		Head: []string{"ID", "USER", "COLLECTION", "A", "B", "LIKE", "WHY", "STATE"},
		Cells: func(d Duplicate, _ func(*time.Time) string) []string {
			return []string{strconv.FormatInt(int64(d.ID), 10), d.User, d.Collection, d.A, d.B, strconv.Itoa(d.Score) + " %", d.WhyInWords(), string(d.State)}
		},
	}
}

// DeedTable is the audit log.
func DeedTable() Table[Deed] {
	return Table[Deed]{
		Head: []string{"NO", "TIME", "ACCOUNT", "VIA", "ADDRESS", "AGENT", "ACT", "SUBJECT", "NOTES", "OUTCOME"},
		Cells: func(d Deed, at func(*time.Time) string) []string {
			var notes []string
			for _, name := range slices.Sorted(maps.Keys(d.Notes)) {
				notes = append(notes, name+": "+d.Notes[name])
			}
			return []string{strconv.FormatInt(int64(d.ID), 10), at(&d.At), d.Account, d.Via, d.Address, d.Agent, d.Act, d.Subject, strings.Join(notes, "; "), d.Outcome}
		},
	}
}
