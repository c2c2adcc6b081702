package main

import (
	"errors"

	"crmbridge/manage"
)

// errChecks ends a command whose checks, shown already, say what is wrong.
var errChecks = &shownError{errors.New("the connection does not work")}

// showChecks prints the steps; it fails when one of them did.
func (p *program) showChecks(rows []manage.Check) error {
	if err := print(p, rows, checkTable("STEP")); err != nil {
		return err
	}
	if manage.Failed(rows) {
		return errChecks
	}
	return nil
}

func checkTable(first string) printed[manage.Check] {
	return printed[manage.Check]{
		head: []string{first, "RESULT", ""},
		cells: func(c manage.Check) []string {
			if c.OK {
				return []string{c.Name, "ok", c.Note}
			}
			return []string{c.Name, "failed", c.Fault}
		},
	}
}
