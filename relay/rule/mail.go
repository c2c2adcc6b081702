package rule

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
)

// Attendees says whether the attendees of an item go over with it.
type Attendees string

// Ways to treat attendees; "" is AttendeesCarry.
const (
	AttendeesCarry Attendees = "carry"
	AttendeesKeep  Attendees = "keep" // each side keeps its own; nothing of them is carried
)

// Mail says whether what we write may make the remote mail anybody.
type Mail string

// Answers.
const (
	MailNever Mail = "never"
	MailAllow Mail = "allow"
)

// Day is a date as 2026-11-22; "" is none.
type Day string

// Time is the beginning of the day in UTC, zero when d is none.
func (d Day) Time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// EverybodyOf are the attendees of an item and of its occurrences that differ, each once.
func EverybodyOf(it pim.Item) []pim.Attendee {
	all := pim.ActivityOf(it).Attendees
	rec := pim.RecurrenceOf(it)
	if rec == nil {
		return all
	}
	for _, o := range rec.Changed {
		for _, a := range pim.ActivityOf(o.Item).Attendees {
			same := func(b pim.Attendee) bool {
				return strings.EqualFold(a.Email, b.Email) && (a.Email != "" || a.Name == b.Name)
			}
			if !slices.ContainsFunc(all, same) {
				all = append(slices.Clip(all), a)
			}
		}
	}
	return all
}

// attendees keeps them where a rule says so, and from a remote that would mail them.
func (j *judgement) attendees() {
	if j.flow.Attendees == AttendeesKeep {
		j.verdict.Alone = true
		j.says(j.name+".attendees", true, "its attendees do not go along")
	}
	if j.q.Way != Outward || !j.q.Mails || j.rules.Mail == MailAllow {
		return
	}
	if j.q.Invited {
		j.forbid(false, true, "mail", "the copy there has attendees, and a change of it would make the remote mail them")
	}
	if len(EverybodyOf(j.q.Item)) > 0 && !j.verdict.Alone {
		j.says("mail", true, "it goes without its attendees, whom the remote would mail")
	}
	j.verdict.Alone = true
}
