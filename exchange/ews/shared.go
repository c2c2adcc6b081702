package ews

import (
	"strings"

	"crmbridge/pim"
)

// Rows and values that kinds have in common.

// Texts of properties are cut here, in characters.
const textLimit = 255

func cut(s string) string {
	if rs := []rune(s); len(rs) > textLimit {
		return string(rs[:textLimit])
	}
	return s
}

// oneText is the row of a field that is one text property, up to textLimit characters.
func oneText(f pim.FieldID, p, element string, in func(*item) *string, at func(pim.Item) *string) row {
	return row{
		fields: pim.Set(f), asks: []path{uri(p)},
		read:  func(x *item, it pim.Item, _ *zones) { *at(it) = *in(x) },
		write: func(w *writing) { w.text(uri(p), element, cut(*at(w.item))) },
	}
}

// bodyRow is the notes. Exchange turns an HTML body into text for us; it is overwritten only when the notes change.
func bodyRow(at func(pim.Item) *string) row {
	return row{
		fields: pim.Set(pim.FieldNotes), asks: []path{uri("item:Body")},
		read: func(x *item, it pim.Item, _ *zones) { *at(it) = noteText(x.Body.Text) },
		write: func(w *writing) {
			if *at(w.item) == "" {
				w.clear(uri("item:Body"))
				return
			}
			w.set(uri("item:Body"), leaf("t:Body", crlf(*at(w.item)), "BodyType", "Text"))
		},
	}
}

// noteText is a body as a text: line ends LF, and none at the end, where Exchange adds some.
func noteText(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.TrimRight(s, "\n")
}

// crlf writes line ends as Exchange keeps them in bodies.
func crlf(s string) string { return strings.ReplaceAll(noteText(s), "\n", "\r\n") }

// categoriesRow is the categories, whole.
func categoriesRow(at func(pim.Item) *[]string) row {
	return row{
		fields: pim.Set(pim.FieldCategories), asks: []path{uri("item:Categories")},
		read: func(x *item, it pim.Item, _ *zones) { *at(it) = x.Categories },
		write: func(w *writing) {
			all := node("t:Categories")
			for _, c := range *at(w.item) {
				if c = strings.TrimSpace(c); c != "" {
					all.kids = append(all.kids, leaf("t:String", cut(c)))
				}
			}
			if len(all.kids) == 0 {
				w.clear(uri("item:Categories"))
				return
			}
			w.set(uri("item:Categories"), all)
		},
	}
}

// activityRows are those of events and tasks alike.
func activityRows() table {
	return table{
		oneText(pim.FieldTitle, "item:Subject", "t:Subject", func(x *item) *string { return &x.Subject }, func(it pim.Item) *string { return &pim.ActivityOf(it).Title }),
		bodyRow(func(it pim.Item) *string { return &pim.ActivityOf(it).Notes }),
		categoriesRow(func(it pim.Item) *[]string { return &pim.ActivityOf(it).Categories }),
		{
			fields: pim.Set(pim.FieldPriority), asks: []path{uri("item:Importance")},
			read: func(x *item, it pim.Item, _ *zones) { pim.ActivityOf(it).Priority = priorities[x.Importance.text()] },
			write: func(w *writing) {
				w.set(uri("item:Importance"), leaf("t:Importance", importance(w.activity().Priority)))
			},
		},
		{
			fields: pim.Set(pim.FieldClass), asks: []path{uri("item:Sensitivity")},
			read: func(x *item, it pim.Item, _ *zones) { pim.ActivityOf(it).Class = classes[x.Sensitivity.text()] },
			write: func(w *writing) {
				w.set(uri("item:Sensitivity"), leaf("t:Sensitivity", sensitivity(w.activity().Class)))
			},
		},
		{fields: pim.Set(pim.FieldAttachments), asks: []path{uri("item:Attachments")}}, // files.go
	}
}

var priorities = map[string]int{"High": 1, "Low": 9}

// importance is that of a priority (RFC 5545 3.8.1.9: 1 to 4 are high, 5 and none are normal).
func importance(priority int) string {
	switch {
	case priority >= 1 && priority <= 4:
		return "High"
	case priority >= 6:
		return "Low"
	}
	return "Normal"
}

// classes have no word for Personal, which Outlook treats as "not for others" too.
var classes = map[string]pim.Class{"Personal": pim.Private, "Private": pim.Private, "Confidential": pim.Confidential}

func sensitivity(c pim.Class) string {
	switch c {
	case pim.Private:
		return "Private"
	case pim.Confidential:
		return "Confidential"
	}
	return "Normal"
}
