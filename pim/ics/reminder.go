package ics

import (
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// reminders are the alarms that a device shows or sounds, relative to the start or the
// end, each once. Absolute ones, mails and procedures stay in the text only.
func (r reader) reminders() []pim.Reminder {
	var out []pim.Reminder
	for _, b := range r.c.Blocks(alarm) {
		if rem, ok := reminderOf(b); ok && !slices.Contains(out, rem) {
			out = append(out, rem)
		}
	}
	return out
}

// reminderOf reads a VALARM (RFC 5545 3.6.6).
func reminderOf(b *line.Block) (pim.Reminder, bool) {
	switch strings.ToUpper(trim(b.Value("ACTION"))) {
	case "DISPLAY", "AUDIO":
	default:
		return pim.Reminder{}, false
	}
	sp, end, ok := triggerOf(b)
	if !ok {
		return pim.Reminder{}, false
	}
	return pim.Reminder{Before: -sp.total(), End: end}, true
}

// triggerOf reads a relative TRIGGER (RFC 5545 3.8.6.3).
func triggerOf(b *line.Block) (sp span, end, ok bool) {
	l := b.First("TRIGGER")
	if l == nil {
		return span{}, false, false
	}
	sp, ok = parseSpan(l.Value)
	return sp, strings.EqualFold(trim(l.Param("RELATED")), "END"), ok
}
