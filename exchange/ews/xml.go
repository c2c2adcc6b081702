package ews

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
)

// el is an element to be written, its name with the prefix by which all requests know the namespaces: m, t, s. encoding/xml
// reads answers but cannot write prefixes, which Exchange's schema and its readers are used to.
type el struct {
	name string
	attr []string // name, value, name, value …
	text string
	kids []el
}

func leaf(name, text string, attr ...string) el { return el{name: name, text: text, attr: attr} }
func node(name string, kids ...el) el           { return el{name: name, kids: kids} }

// with is e with an attribute.
func (e el) with(name, value string) el {
	e.attr = append(slices.Clone(e.attr), name, value)
	return e
}

func (e el) write(b *bytes.Buffer) {
	b.WriteString("<" + e.name)
	for i := 0; i+1 < len(e.attr); i += 2 {
		b.WriteString(" " + e.attr[i] + `="`)
		escape(b, e.attr[i+1])
		b.WriteByte('"')
	}
	if e.text == "" && len(e.kids) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	escape(b, e.text)
	for _, k := range e.kids {
		k.write(b)
	}
	b.WriteString("</" + e.name + ">")
}

// escape writes text; what XML 1.0 cannot have becomes U+FFFD. Line ends of other systems are written as they are.
func escape(b *bytes.Buffer, s string) {
	_ = xml.EscapeText(b, []byte(s)) // a Buffer has no write errors
}

// merged joins elements of one name and key that hold others, as the entries of a dictionary are written in one element.
func merged(es []el) []el {
	var out []el
	for _, e := range es {
		at := slices.IndexFunc(out, func(o el) bool {
			return o.name == e.name && slices.Equal(o.attr, e.attr) && len(o.kids) > 0 && len(e.kids) > 0 && e.name != "t:ExtendedProperty"
		})
		if at < 0 {
			out = append(out, e)
			continue
		}
		out[at].kids = merged(append(slices.Clone(out[at].kids), e.kids...))
	}
	return out
}

// inOrder sorts elements of an item as the schema has them.
func inOrder(es []el) []el {
	es = merged(es)
	slices.SortStableFunc(es, func(a, b el) int { return rank(a.name) - rank(b.name) })
	return es
}

// schemaOrder is the order of the elements that are written (types.xsd: ItemType, then CalendarItemType, TaskType, ContactItemType).
var schemaOrder = strings.Fields(`
ItemClass Subject Sensitivity Body Attachments Categories Importance ReminderDueBy ReminderIsSet ReminderMinutesBeforeStart ExtendedProperty
UID Start End IsAllDayEvent LegacyFreeBusyStatus Location RequiredAttendees OptionalAttendees
ActualWork CompleteDate DueDate PercentComplete Recurrence StartDate Status TotalWork StartTimeZone EndTimeZone
FileAs FileAsMapping DisplayName GivenName MiddleName Nickname CompanyName EmailAddresses PhysicalAddresses PhoneNumbers
Birthday BusinessHomePage Department Generation ImAddresses JobTitle PostalAddressIndex Profession Surname WeddingAnniversary`)

func rank(name string) int { return slices.Index(schemaOrder, strings.TrimPrefix(name, "t:")) }
