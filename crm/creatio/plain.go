package creatio

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// Plain values of columns that only a field map names, as canonical texts. Creatio tells an
// empty number from 0, and an empty yes/no from no, nowhere: both are "". A time that is
// midnight UTC is a day, as dates are stored.

// plainText is what a column of r holds.
func plainText(r row, col remote.Column) string {
	switch col.Kind {
	case remote.TextColumn:
		return lines(r.text(col.Name))
	case remote.NumberColumn:
		if n := r.number(col.Name); n != "0" {
			return n
		}
	case remote.FlagColumn:
		if r.flag(col.Name) {
			return "yes"
		}
	case remote.DayColumn, remote.TimeColumn:
		t := r.time(col.Name)
		if t.Equal(t.Truncate(24 * time.Hour)) {
			return birthday(t).String()
		}
		return pim.At(t, "").String()
	case remote.ChoiceColumn, remote.ReferenceColumn:
		return r.sub(navigation(col)).text("Name")
	}
	return ""
}

// navigation is the property that leads where a lookup's column does.
func navigation(col remote.Column) string { return strings.TrimSuffix(col.Name, "Id") }

// plainAsks is what to select for a column; lookups are expanded, too.
func plainAsks(col remote.Column) []string { return []string{col.Name} }

// put puts a value into out, the columns of a row of an entity to be written. cur is the
// row as it is: what it shows already is left alone, so that a lookup to a row that the
// user may not see is not emptied.
func (k *looking) put(ctx context.Context, entity string, cur, out row, id pim.FieldID, col remote.Column, value string) error {
	if n := textLimits()[id]; n > 0 {
		value = clip(value, n)
	}
	if cur != nil && plainText(cur, col) == value {
		return nil
	}
	m, err := k.models.Get(ctx, "")
	if err != nil {
		return err
	}
	typ := m.entities[entity].typeOf(col.Name)
	if now := m.column(entity, property{col.Name, typ}); typ == "" || !sameKind(now.Kind, col.Kind) {
		return pim.Errorf("creatio: column", pim.ErrRefused, "Creatio has no column %s of %s any more that holds a %s; change the field map", col.Name, entity, col.Kind)
	}
	if col.Kind == remote.ReferenceColumn || col.Kind == remote.ChoiceColumn {
		out[col.Name], err = k.kept(ctx, k.named, col.Of, crm.Lookup{Field: id, What: col.Name}, value)
		return err
	}
	v, ok := plainValue(typ, value, k.zone)
	if !ok {
		return &pim.Error{Op: "creatio: column", Kind: pim.ErrRefused, Err: fmt.Errorf("a value is no %s", col.Kind), // the value itself is not for the log
			Public: fmt.Sprintf("%q cannot be written into column %s of Creatio, which holds a %s", printable(value, 100), col.Name, col.Kind)}
	}
	out[col.Name] = v
	return nil
}

// sameKind reports kinds that are kept in the same way.
func sameKind(a, b remote.ValueKind) bool {
	same := map[remote.ValueKind]remote.ValueKind{remote.ChoiceColumn: remote.ReferenceColumn, remote.DayColumn: remote.TimeColumn}
	of := func(k remote.ValueKind) remote.ValueKind {
		if s := same[k]; s != "" {
			return s
		}
		return k
	}
	return of(a) == of(b)
}

var numeral = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,27})(\.[0-9]{1,18})?$`)

// decimal is a number that is sent as text: IEEE754Compatible wants it so (OData JSON 4.0, 3.2).
type decimal string

// plainValue is a canonical text as a column of an Edm type takes it.
func plainValue(typ, s string, loc *time.Location) (any, bool) {
	switch typ {
	case "Edm.String":
		return s, true
	case "Edm.Boolean":
		yes := strings.EqualFold(s, "yes") || strings.EqualFold(s, "true")
		return yes, yes || s == "" || strings.EqualFold(s, "no") || strings.EqualFold(s, "false")
	case "Edm.DateTimeOffset":
		s = strings.TrimSpace(s)
		w, err := pim.ParseWhen(s)
		if err != nil || s != "" && w.Time.Year() < 2 { // the year 1 is how Creatio writes none
			return nil, false
		}
		if w.Date {
			return day(w), true
		}
		if w.Floating {
			return instant(w, loc), true
		}
		return w.Time.UTC(), true
	}
	n := strings.TrimSpace(s)
	if n == "" {
		n = "0"
	}
	if !numeral.MatchString(n) {
		return nil, false
	}
	switch typ {
	case "Edm.Decimal":
		return decimal(n), true
	case "Edm.Int64":
		_, err := strconv.ParseInt(n, 10, 64)
		return decimal(n), err == nil
	case "Edm.Int32", "Edm.Int16", "Edm.Byte":
		_, err := strconv.ParseInt(n, 10, 32) // narrower ones the site refuses by itself
		return json.Number(n), err == nil
	}
	return json.Number(n), true
}

// newNamed remembers rows of any entity by the names that they were asked for.
func newNamed(c *connector) *crm.Cache[crm.Offer] {
	return crm.NewCache(c.env.Now, c.lookupAge, rememberedNames, func(ctx context.Context, key string) (crm.Offer, error) {
		entity, name, _ := strings.Cut(key, "\x00")
		rows, cut, err := c.alike(ctx, entity, name, query{sel: []string{"Id", "Name", "CreatedOn"}})
		return crm.Offer{Values: valuesOf(rows), Cut: cut}, err
	})
}
