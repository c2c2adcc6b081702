package admin

import (
	"slices"
	"strings"

	"crmbridge/manage"
	"crmbridge/pim"
)

// field is one value of a form. Label and Help are texts as shown.
type field struct {
	Name, Label, Help string
	Kind              string // of the input of HTML, or "select", "textarea"
	Value             string
	Options           []option // of a select
	Required          bool
	Autocomplete      string
	Autofocus         bool
	Fault             string // what is wrong with what was put in; "" while nothing is
}

type option struct{ Value, Label string }

// On reports whether a checkbox is ticked.
func (f field) On() bool { return f.Value != "" }

// form is fields and what is wrong with them as a whole.
type form struct {
	Action string
	Submit string // what the button says
	Fields []field
	Fault  string
}

// Bad reports whether something in it is wrong, so that it has to be seen.
func (f form) Bad() bool {
	return f.Fault != "" || slices.ContainsFunc(f.Fields, func(x field) bool { return x.Fault != "" })
}

// put takes in what somebody sent. Passwords are not shown again.
func (f *form) put(c *call) {
	for i := range f.Fields {
		if x := &f.Fields[i]; x.Kind != "password" {
			x.Value = strings.TrimSpace(c.r.PostForm.Get(x.Name))
		}
	}
}

// value is what was put in for a field; passwords are as they were typed.
func (c *call) value(name string) string { return strings.TrimSpace(c.r.PostForm.Get(name)) }

// blame puts a fault beside its field, or above all of them. It reports whether it is a fault of what was put in at all.
func (f *form) blame(err error) bool {
	if fault, ok := manage.FaultOf(err); ok {
		for i := range f.Fields {
			if f.Fields[i].Name == fault.Field {
				f.Fields[i].Fault = fault.Says
				return true
			}
		}
	}
	switch pim.ReasonOf(err) {
	case pim.ErrInvalid, pim.ErrExists, pim.ErrNotFound, pim.ErrThrottled, pim.ErrAuth, pim.ErrConflict, pim.ErrForbidden, pim.ErrUnsupported, pim.ErrRefused:
		f.Fault = pim.PublicText(err)
		return true
	}
	return false
}
