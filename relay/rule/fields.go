package rule

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// FieldMap is how a link's map of one kind differs from the connection's own.
type FieldMap struct {
	// Set are fields that are kept in another column, or in one for the first time.
	Set []remote.FieldColumn `json:"set,omitempty"`
	// Without are fields that are not synced.
	Without []pim.FieldID `json:"without,omitempty"`
	// Custom are columns of the CRM that are no field of ours.
	Custom []Custom `json:"custom,omitempty"`
}

// Custom is such a column, and where devices see it.
type Custom struct {
	Column remote.Column `json:"column"`
	// As is the property (an X- name), or AsCategory or AsNotes.
	As string `json:"as"`
	// Label is what people call it: the category, or what the line in the notes begins
	// with; "" is the column's own label, or its name.
	Label string `json:"label,omitempty"`
}

// Places other than a property of its own.
const (
	AsCategory = "category" // a yes/no is the category Label, any other value "Label: value"
	AsNotes    = "notes"    // a line "Label: value" below the notes
)

// Name is what people call the field.
func (c Custom) Name() string {
	for _, s := range []string{c.Label, c.Column.Label, c.Column.Name} {
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
	}
	return ""
}

// Key is the field's key in pim.Custom: another column, or another place on devices, is
// another field.
func (c Custom) Key() string {
	if c.As == AsCategory || c.As == AsNotes {
		return c.Column.Name + "=" + c.As + ":" + c.Name()
	}
	return c.Column.Name + "=" + c.As
}

// IsZero reports a map that changes nothing.
func (m FieldMap) IsZero() bool { return len(m.Set)+len(m.Without)+len(m.Custom) == 0 }

// Agreed names what the bases of an item are about, for fields that are not kept in the
// column that the connection keeps them in: "report=UsrReport".
func (m FieldMap) Agreed(id pim.FieldID) string {
	for _, x := range m.Set {
		if x.Field == id {
			return string(id) + "=" + x.Column.Name
		}
	}
	return string(id)
}

// Maps are the changes of the maps for a remote; nil when there are none.
func (r Rules) Maps() remote.FieldMaps {
	var out remote.FieldMaps
	for k, m := range r.Fields {
		if m.IsZero() {
			continue
		}
		if out == nil {
			out = remote.FieldMaps{}
		}
		f := remote.FieldMap{Set: m.Set, Without: m.Without}
		for _, c := range m.Custom {
			f.Custom = append(f.Custom, remote.CustomColumn{Key: c.Key(), Name: c.Name(), Column: c.Column})
		}
		out[k] = f
	}
	return out
}

// xName is a name of RFC 5545 3.1 and RFC 6350 3.3 that begins with X-.
var xName = regexp.MustCompile(`^X-[A-Z0-9-]{1,60}$`)

// taken are the beginnings of X- names that programs give a meaning.
func taken() []string {
	return []string{"X-CRM-", "X-WR-", "X-MICROSOFT-", "X-MS-", "X-APPLE-", "X-MOZ-", "X-AB", "X-ADDRESSBOOKSERVER-", "X-EVOLUTION-", "X-LIC-",
		"X-KADDRESSBOOK-", "X-PHONETIC-", "X-CALENDARSERVER-", "X-ALT-DESC", "X-GENDER", "X-ANNIVERSARY", "X-GEO-URI", "X-SERVICE-TYPE",
		"X-SKYPE", "X-AIM", "X-ICQ", "X-JABBER", "X-MSN", "X-YAHOO", "X-GTALK", "X-GOOGLE", "X-QQ", "X-GADUGADU", "X-TWITTER", "X-MATRIX",
		"X-TELEGRAM", "X-SPOUSE", "X-MANAGER", "X-ASSISTANT", "X-OUTLOOK-", "X-NEXTCLOUD-", "X-SOCIALPROFILE", "X-DAVICAL-", "X-RADICALE-"}
}

// customFaults say what is wrong with the custom fields of a kind by themselves.
func customFaults(k pim.Kind, all []Custom) (faults []error) {
	bad := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("fields of %ss: "+format, append([]any{k}, args...)...))
	}
	seen := map[string]bool{}
	for _, c := range all {
		place := c.As
		switch {
		case c.As == AsCategory || c.As == AsNotes:
			place += ":" + strings.ToLower(c.Name())
			if strings.ContainsAny(c.Name(), ":\r\n") {
				bad("the label %q of column %s holds a colon or a line break", c.Name(), c.Column.Name)
			}
		case !xName.MatchString(c.As):
			bad("%q is neither category, notes nor a property such as X-REGION (X-, then capital letters, digits and hyphens)", c.As)
		default:
			for _, begin := range taken() {
				if strings.HasPrefix(c.As, begin) {
					bad("%s cannot be used: names that begin with %s have a meaning already", c.As, begin)
				}
			}
		}
		if seen[place] {
			bad("two columns are to be %s", c.As)
		}
		seen[place] = true
	}
	return faults
}

// fieldFaults are those that can be told without the connection: shapes, and columns that
// are named twice.
func (r Rules) fieldFaults() (faults []error) {
	for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
		m := r.Fields[k]
		if k == pim.KindMessage {
			faults = append(faults, errors.New("fields: messages have no map"))
		}
		faults = append(faults, customFaults(k, m.Custom)...)
		for _, col := range m.columns() {
			switch {
			case !col.Kind.Plain() && col.Why != "":
				faults = append(faults, fmt.Errorf("fields of %ss: column %s cannot be mapped: it holds %s", k, col.Name, col.Why))
			case strings.TrimSpace(col.Name) == "" || !col.Kind.Plain():
				faults = append(faults, fmt.Errorf("fields of %ss: column %q has no kind of value that can be mapped", k, col.Name))
			}
		}
		for _, x := range m.Set {
			if f, ok := pim.FieldByID(x.Field); !ok || !f.Kinds.Has(k) {
				faults = append(faults, fmt.Errorf("fields of %ss: there is no field %q", k, x.Field))
			}
		}
	}
	return faults
}

func (m FieldMap) columns() []remote.Column {
	var out []remote.Column
	for _, x := range m.Set {
		out = append(out, x.Column)
	}
	for _, c := range m.Custom {
		out = append(out, c.Column)
	}
	return out
}

// CheckFields says everything that is wrong with the maps for a connection: own are its
// maps, columns what its records have.
func (r Rules) CheckFields(own map[pim.Kind][]remote.Mapping, columns map[pim.Kind][]remote.Column) error {
	var faults []error
	for _, k := range slices.Sorted(maps.Keys(r.Maps())) {
		if own[k] == nil {
			faults = append(faults, fmt.Errorf("fields: the CRM keeps no %ss", k))
			continue
		}
		for _, err := range remote.CheckFieldMap(own[k], r.Maps()[k], columns[k], r.Direction == In) {
			faults = append(faults, fmt.Errorf("fields of %ss: %w", k, err))
		}
		for _, err := range r.Fields[k].mistakable(own[k]) {
			faults = append(faults, fmt.Errorf("fields of %ss: %w", k, err))
		}
	}
	return errors.Join(faults...)
}

// mistakable are the custom fields that would be categories beside those of the CRM: one
// that is called the same could not be told from the column's value.
func (m FieldMap) mistakable(own []remote.Mapping) (faults []error) {
	kept := slices.ContainsFunc(own, func(row remote.Mapping) bool { return row.Field == pim.FieldCategories }) && !slices.Contains(m.Without, pim.FieldCategories)
	for _, c := range m.Custom {
		if kept && c.As == AsCategory {
			faults = append(faults, fmt.Errorf("column %s cannot be a category: the CRM has categories of its own, which are synced; make it a property or a line of the notes, or take categories out of the map", c.Column.Name))
		}
	}
	return faults
}

func (r Rules) fieldWords(remote string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
		m := r.Fields[k]
		for _, x := range m.Set {
			out = append(out, fmt.Sprintf("Of %ss, %s is kept in column %s of %s.", k, x.Field, x.Column.Name, remote))
		}
		for _, id := range m.Without {
			out = append(out, fmt.Sprintf("Of %ss, %s is not synced; each side keeps its own.", k, id))
		}
		for _, c := range m.Custom {
			out = append(out, fmt.Sprintf("Of %ss, column %s of %s is %s on devices.", k, c.Column.Name, remote, c.words()))
		}
	}
	return out
}

func (c Custom) words() string {
	switch c.As {
	case AsCategory:
		if c.Column.Kind == remote.FlagColumn {
			return fmt.Sprintf("the category %q", c.Name())
		}
		return fmt.Sprintf("a category %q", c.Name()+": …")
	case AsNotes:
		return fmt.Sprintf("a line %q below the notes", c.Name()+": …")
	}
	return "the property " + c.As
}

// IsFlag reports a field that is there or not.
func (c Custom) IsFlag() bool { return c.Column.Kind == remote.FlagColumn }
