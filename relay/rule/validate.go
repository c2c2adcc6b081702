package rule

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"crmbridge/pim"
)

// mostCategory is the longest category: Exchange keeps no longer one.
const mostCategory = 255

// longest is the longest window in days, a hundred years: remotes do not read dates of any year.
const longest = 36_525

// Validate reports every fault at once.
func (r Rules) Validate() error {
	var faults []error
	bad := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	switch r.Direction {
	case Both, In, Out:
	default:
		bad("direction %q is not both, in or out", r.Direction)
	}
	switch r.Policy {
	case Ask, Newest, PreferCRM, PreferClient, PreferMail:
	default:
		bad("policy %q is not ask, newest, crm, client or exchange", r.Policy)
	}
	switch r.Mail {
	case MailNever, MailAllow:
	default:
		bad("mail %q is not never or allow", r.Mail)
	}
	for _, d := range []struct {
		name string
		day  Day
	}{{"since", r.Since}, {"in.since", r.In.Since}, {"out.since", r.Out.Since}} {
		if d.day != "" && d.day.Time().IsZero() {
			bad("%s %q is no day such as 2026-11-22", d.name, d.day)
		}
	}
	if strings.TrimSpace(r.Category) != r.Category || strings.ContainsFunc(r.Category, unicode.IsControl) {
		bad("category %q begins or ends with a space, or has a character that no category has", r.Category)
	}
	if n := utf8.RuneCountInString(r.Category); n > mostCategory {
		bad("category has %d characters, and no program keeps more than %d", n, mostCategory)
	}
	for _, g := range r.Groups {
		if strings.TrimSpace(g) == "" {
			bad("groups has an empty name")
		}
	}
	for k, v := range r.Remove {
		switch v {
		case RemoveDelete, RemoveUnassign, RemoveKeep:
		default:
			bad("removal %q of %ss is not delete, unassign or keep", v, k)
		}
	}
	for _, w := range []struct {
		name string
		days int
	}{{"pastDays", r.PastDays}, {"futureDays", r.FutureDays}, {"in.pastDays", r.In.PastDays}, {"in.futureDays", r.In.FutureDays},
		{"out.pastDays", r.Out.PastDays}, {"out.futureDays", r.Out.FutureDays}} {
		// Not "no bound" for all of them: somebody who writes -30 means thirty days.
		if w.days < -1 {
			bad("%s %d is neither a number of days nor -1, which means no bound", w.name, w.days)
		}
		if w.days > longest {
			bad("%s %d is more than a hundred years (%d days); -1 means no bound", w.name, w.days, longest)
		}
	}
	if r.BrakeShare < 0 || r.BrakeShare > 1 {
		bad("brakeShare %v is not between 0 and 1", r.BrakeShare)
	}
	if r.ArchiveDays < 0 {
		bad("archiveDays %d is negative; 0 means that nothing is taken for archived", r.ArchiveDays)
	}
	if r.BrakeAbsolute < 0 {
		bad("brakeAbsolute %d is negative", r.BrakeAbsolute)
	}
	if r.CreatesPerHour < -1 || r.MailsPerHour < -1 {
		bad("createsPerHour %d or mailsPerHour %d is less than -1, which means no bound", r.CreatesPerHour, r.MailsPerHour)
	}
	if r.FileMegabytes < -1 || r.FilesMegabytes < 0 || max(r.FileMegabytes, r.FilesMegabytes) > mostMegabytes {
		bad("fileMegabytes %d or filesMegabytes %d is not between 1 and %d; fileMegabytes -1 means no files", r.FileMegabytes, r.FilesMegabytes, mostMegabytes)
	}
	if r.ReconcileEvery < 0 || r.AnnotateAfter < 0 {
		bad("reconcileEvery or annotateAfter is negative")
	}
	for _, f := range []struct {
		name string
		flow Flow
	}{{"in", r.In}, {"out", r.Out}} {
		switch f.flow.Private {
		case "", PrivateFull, PrivateMask, PrivateNone:
		default:
			bad("%s.private %q is not full, mask or none", f.name, f.flow.Private)
		}
		switch f.flow.Attendees {
		case "", AttendeesCarry, AttendeesKeep:
		default:
			bad("%s.attendees %q is not carry or keep", f.name, f.flow.Attendees)
		}
	}
	switch r.Series {
	case "", SeriesRefuse, SeriesExpand:
	default:
		bad("series %q is not refuse or expand", r.Series)
	}
	switch r.Relate {
	case "", RelateByAddress, RelateNever:
	default:
		bad("relate %q is not addresses or never", r.Relate)
	}
	if r.HoldUntyped && r.DefaultType != "" {
		bad("holdUntyped keeps items without a type back, and defaultType gives them one: choose one of the two")
	}
	faults = append(faults, r.fieldFaults()...)
	if err := r.Filter.Validate(pim.Kinds(r.Kinds...)); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
