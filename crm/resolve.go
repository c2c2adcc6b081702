package crm

import (
	"context"
	"fmt"
	"strings"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Offer is what a CRM has that may fit a name.
type Offer struct {
	Values []LookupValue
	// Cut: there are more than these. Then a name that is exactly one of them is found;
	// nothing else is known, so that nothing is taken in part, and nothing added.
	Cut bool
}

// Lookup is how one field, which names something that the CRM has a list of, is looked
// up. It is the same for every driver: what differs are the functions.
type Lookup struct {
	Field pim.FieldID
	What  string // for people: "company"
	// Find gives the values that may fit a name: all of them, or those that have one of
	// its words, or all of its words.
	Find func(ctx context.Context, name string) (Offer, error)
	// Again is Find past any cache, called when nothing was found; false when what is
	// cached is too young for another answer. nil: Find has no cache.
	Again func(ctx context.Context, name string) (values Offer, asked bool, err error)
	// Add makes a value that is not there. What the CRM does not let the user add is left
	// out. nil: nothing is ever added.
	Add func(ctx context.Context, name string) (LookupValue, error)
	// Alone does something while no other connection of the bridge, in whatever process, adds
	// such a value: it is looked for again before it is added, so that two that miss it at the
	// same time make one. nil: what Add makes is one by itself, or there is nobody else.
	Alone func(ctx context.Context, do func(context.Context) error) error
	// Code finds the value with a code, for names written #CODE#; nil: there are none.
	Code func(ctx context.Context, code string) (v LookupValue, found bool, err error)
	// Else says where a name goes that is not found: "it stands in the job title"; "" is
	// "it is left out there".
	Else string
}

// Resolve looks a name up: exact, then in part; what is missing is added if the user
// may, else left out. The note, if its field is set, says what became of the name. An
// unknown code is ErrRefused: it waits until there is one.
func (l Lookup) Resolve(ctx context.Context, name string) (LookupValue, remote.Note, error) {
	var none remote.Note
	if name = strings.TrimSpace(name); name == "" {
		return LookupValue{}, none, nil
	}
	if code, ok := pim.CompanyCode(name); ok {
		return l.byCode(ctx, name, code)
	}
	values, err := l.Find(ctx, name)
	if err != nil {
		return LookupValue{}, none, err
	}
	v, how, fits := values.match(name)
	if how != Exact && l.Again != nil {
		fresh, asked, err := l.Again(ctx, name)
		if err != nil {
			return LookupValue{}, none, err
		}
		if asked {
			values = fresh
			v, how, fits = values.match(name)
		}
	}
	note := remote.Note{Field: l.Field, Wanted: name, Became: v.Name}
	switch how {
	case Exact:
		if v.Name == name {
			return v, none, nil
		}
		note.Says = fmt.Sprintf("the %s is written %q there", l.What, v.Name)
		return v, note, nil
	case Partial:
		note.Says = fmt.Sprintf("there is no %s %q; %q is the only one that fits", l.What, name, v.Name)
		return v, note, nil
	}
	if values.Cut {
		l.Add = nil // it may be among those that were not seen
	}
	if l.Add != nil && l.Alone != nil {
		return l.alone(ctx, name)
	}
	return l.missing(ctx, name, note, fits)
}

// alone looks again, and adds what is still not there, while nobody else does.
func (l Lookup) alone(ctx context.Context, name string) (v LookupValue, note remote.Note, err error) {
	alone := l.Alone
	l.Alone = nil
	err = alone(ctx, func(ctx context.Context) (err error) {
		v, note, err = l.Resolve(ctx, name)
		return err
	})
	return v, note, err
}

// match is Match that knows of what was cut off.
func (o Offer) match(name string) (LookupValue, How, []string) {
	v, how, fits := Match(name, o.Values)
	if !o.Cut || how == Exact {
		return v, how, fits
	}
	for _, v := range o.Values[:min(3, len(o.Values))] {
		fits = append(fits, v.Name)
	}
	return LookupValue{}, Several, fits[max(0, len(fits)-3):]
}

func (l Lookup) byCode(ctx context.Context, name, code string) (LookupValue, remote.Note, error) {
	const op = "crm: look up"
	if l.Code == nil {
		return LookupValue{}, remote.Note{}, pim.Errorf(op, pim.ErrRefused, "%s is a code, and each %s there is known by name only", name, l.What)
	}
	v, found, err := l.Code(ctx, code)
	if err != nil {
		return LookupValue{}, remote.Note{}, err
	}
	if !found {
		return LookupValue{}, remote.Note{}, pim.Errorf(op, pim.ErrRefused, "there is no %s with the code %s; nothing was written, and it goes over once there is one", l.What, code)
	}
	return v, remote.Note{Field: l.Field, Wanted: name, Became: v.Name, Says: fmt.Sprintf("the %s with the code %s is %q", l.What, code, v.Name)}, nil
}

// missing adds what is not there, or leaves it out.
func (l Lookup) missing(ctx context.Context, name string, note remote.Note, fits []string) (LookupValue, remote.Note, error) {
	why := "there is none of that name"
	if len(fits) > 0 {
		why = "several fit (" + strings.Join(fits[:min(3, len(fits))], ", ") + ")"
	}
	if l.Add != nil {
		v, err := l.Add(ctx, name)
		switch pim.ReasonOf(err) {
		case "":
			note.Became, note.Says = v.Name, fmt.Sprintf("the %s %q was added, as %s", l.What, v.Name, why)
			return v, note, nil
		case pim.ErrForbidden, pim.ErrRefused, pim.ErrUnsupported, pim.ErrNotFound:
			why += ", and this user may add none"
		default:
			return LookupValue{}, remote.Note{}, err
		}
	}
	instead := l.Else
	if instead == "" {
		instead = "it is left out there"
	}
	note.Says = fmt.Sprintf("the %s %q was not found: %s; %s", l.What, name, why, instead)
	return LookupValue{}, note, nil
}
