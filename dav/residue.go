package dav

import (
	"cmp"
	"slices"
	"strings"

	"crmbridge/pim/line"
)

// unseen is what a text holds besides the fields of its typed view: the other properties of its main component, what
// the view does not show of those it is made of, and alarms, overrides and whatever else is nested, whole. Spelling that
// means nothing (order, folding, groups) and what programs write at every save is left out. Zones are left out too:
// they follow from the times.
func unseen(d document) []string {
	var lines []string
	switch d := d.(type) {
	case calendarDocument:
		master := d.Master()
		for _, p := range d.Calendar().Parts {
			switch {
			case p.Block == master:
				lines = appendBlock(lines, "", p.Block, shownInItem)
			case p.Block != nil && p.Block.Name != "VTIMEZONE":
				lines = appendBlock(lines, "", p.Block, nil)
			case p.Line != nil:
				lines = appendLine(lines, "", p.Line)
			}
		}
	case cardDocument:
		lines = appendBlock(lines, "", d.Block(), shownInItem)
	}
	slices.Sort(lines)
	return lines
}

// appendBlock adds the lines of b and of what is nested in it. shown names the properties to leave out of b itself.
func appendBlock(lines []string, path string, b *line.Block, shown func(string) bool) []string {
	path += b.Name + "/"
	count := map[string]int{}
	for _, p := range b.Parts {
		if p.Line != nil && shown != nil && shown(p.Line.Name) {
			count[p.Line.Name]++
			lines = appendHidden(lines, path, p.Line, count[p.Line.Name])
			continue
		}
		if p.Line != nil {
			lines = appendLine(lines, path, p.Line)
		} else {
			lines = appendBlock(lines, path, p.Block, nil)
		}
	}
	return lines
}

// appendLine adds one property, parameters in order, without its group: iOS numbers those anew.
func appendLine(lines []string, path string, l *line.Line) []string {
	if l.Name == "" || l.Name == "BEGIN" || l.Name == "END" || volatile(l.Name) {
		return lines
	}
	params := slices.Clone(l.Params)
	slices.SortFunc(params, func(a, b line.Param) int { return cmp.Compare(a.Name, b.Name) })
	var b strings.Builder
	b.WriteString(path + l.Name)
	for _, p := range params {
		b.WriteString(";" + p.Name + "=" + strings.Join(p.Values, ","))
	}
	b.WriteString(":" + l.Value)
	return append(lines, b.String())
}

// volatile properties change with every save, or say who saved.
func volatile(name string) bool {
	switch name {
	case "DTSTAMP", "LAST-MODIFIED", "CREATED", "SEQUENCE", "PRODID", "REV", "VERSION", "CALSCALE", "X-MOZ-GENERATION":
		return true
	}
	return false
}

// shownInItem are the properties that the typed view is made of (pim/ics, pim/vcf).
func shownInItem(name string) bool {
	switch name {
	case "UID", "SUMMARY", "DESCRIPTION", "LOCATION", "URL", "CATEGORIES", "PRIORITY", "CLASS", "STATUS", "ORGANIZER", "ATTENDEE",
		"RRULE", "RDATE", "EXDATE", "DTSTART", "DTEND", "DURATION", "TRANSP", "DUE", "COMPLETED", "PERCENT-COMPLETE",
		"N", "FN", "NICKNAME", "ORG", "TITLE", "ROLE", "TEL", "EMAIL", "IMPP", "ADR", "BDAY", "ANNIVERSARY", "PHOTO", "NOTE", "GENDER":
		return true
	}
	return strings.HasPrefix(name, "X-CRM-")
}

// appendHidden adds what the typed view does not show of the nth property of a name: more values than it reads, and
// parameters that it knows nothing of.
func appendHidden(lines []string, path string, l *line.Line, nth int) []string {
	if nth > 1 && readOnce(l.Name) {
		return appendLine(lines, path, l)
	}
	switch l.Name {
	case "ORG":
		if parts := splitParts(l.Value); len(parts) > 2 {
			lines = append(lines, path+"ORG;;"+strings.Join(parts[2:], ";"))
		}
	case "GENDER":
		if _, text, ok := strings.Cut(l.Value, ";"); ok {
			lines = append(lines, path+"GENDER;"+text)
		}
	case "PHOTO":
		if i := strings.IndexByte(l.Value, ':'); i >= 0 && !strings.EqualFold(l.Value[:i], "data") {
			lines = append(lines, path+"PHOTO:"+l.Value) // an address: nothing of it is shown
		}
	}
	for _, p := range l.Params {
		if shownParam(l.Name, p) {
			continue
		}
		who := ""
		if l.Name == "ATTENDEE" {
			who = strings.ToLower(l.Value)
		}
		lines = append(lines, path+l.Name+";"+p.Name+"="+strings.Join(p.Values, ",")+":"+who)
	}
	return lines
}

// readOnce are the properties of which the typed view reads the first only.
func readOnce(name string) bool {
	switch name {
	case "SUMMARY", "DESCRIPTION", "LOCATION", "PRIORITY", "CLASS", "STATUS", "ORGANIZER", "TRANSP", "N", "FN", "ORG", "TITLE", "ROLE", "NOTE",
		"BDAY", "ANNIVERSARY", "PHOTO", "GENDER":
		return true
	}
	return strings.HasPrefix(name, "X-CRM-")
}

// shownParam are the parameters that the typed view shows, and those that say only how a value is written.
func shownParam(prop string, p line.Param) bool {
	switch p.Name {
	case "", "TYPE", "PREF", "VALUE", "ENCODING", "CHARSET", "CALSCALE", "TZID", "X-SERVICE-TYPE", "X-APPLE-OMIT-YEAR", "X-CRM-DERIVED":
		return true
	case "CN", "EMAIL", "PARTSTAT":
		return prop == "ATTENDEE" || prop == "ORGANIZER"
	case "ROLE":
		return len(p.Values) == 1 && (strings.EqualFold(p.Values[0], "OPT-PARTICIPANT") || strings.EqualFold(p.Values[0], "REQ-PARTICIPANT"))
	}
	return false
}

// splitParts splits a value at its semicolons, but for escaped ones.
func splitParts(value string) []string {
	var parts []string
	from := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case ';':
			parts, from = append(parts, value[from:i]), i+1
		}
	}
	return append(parts, value[min(from, len(value)):])
}
