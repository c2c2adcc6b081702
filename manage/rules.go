package manage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// ParseRules reads rules and says in plain words what is wrong with them.
func ParseRules(text string) (rule.Rules, error) {
	r, err := ReadRules(text)
	if err == nil {
		if err = r.Validate(); err != nil {
			err = &pim.Error{Op: "rules", Kind: pim.ErrInvalid, Public: strings.ReplaceAll(err.Error(), "\n", "; ")}
		}
	}
	return r, err
}

// ReadRules is ParseRules, but what can be read is not judged yet: who knows the link tells all that is wrong at once.
func ReadRules(text string) (rule.Rules, error) {
	bad := func(format string, args ...any) error { return pim.Errorf("rules", pim.ErrInvalid, format, args...) }
	if strings.TrimSpace(text) == "" {
		return rule.Parse(nil)
	}
	var whole map[string]json.RawMessage
	err := json.Unmarshal([]byte(text), &whole)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return rule.Rules{}, bad("the rules are not JSON: %s at character %d", syntax.Error(), utf8.RuneCountInString(text[:min(int(syntax.Offset), len(text))]))
	}
	if err != nil || whole == nil {
		return rule.Rules{}, bad(`the rules are not a JSON object such as {"policy":"ask"}`)
	}
	var faults []string
	for _, name := range rule.Repeated([]byte(text)) {
		faults = append(faults, name+" is given more than once")
	}
	var r rule.Rules
	known := ruleNames()
	for name := range whole {
		if _, ok := known[name]; !ok {
			faults = append(faults, "there is no rule "+name+"; there are "+strings.Join(sorted(known), ", "))
		}
	}
	for _, name := range sorted(known) {
		raw, set := whole[name]
		if !set {
			continue
		}
		if fault := readRule(&r, name, raw, known[name]); fault != "" {
			faults = append(faults, "rule "+name+": "+fault)
		}
	}
	if len(faults) == 0 {
		return r.Defaults(), nil
	}
	if err := r.Defaults().Validate(); err != nil {
		faults = append(faults, strings.Split(err.Error(), "\n")...)
	}
	return rule.Rules{}, bad("%s", strings.Join(faults, "; "))
}

// readRule reads one rule into r and returns what is wrong with it.
func readRule(r *rule.Rules, name string, raw json.RawMessage, want reflect.Type) string {
	one, err := json.Marshal(map[string]json.RawMessage{name: raw})
	if err != nil {
		return err.Error()
	}
	d := json.NewDecoder(bytes.NewReader(one))
	d.DisallowUnknownFields()
	err = d.Decode(r)
	var typed *json.UnmarshalTypeError
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return ""
	case errors.As(err, &typed):
		return "want " + shape(want)
	}
	if _, unknown, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return "it has no part " + unknown
	}
	// From a type that reads itself: its own words, without its package.
	text := err.Error()
	if _, rest, ok := strings.Cut(text, ": "); ok {
		text = rest
	}
	return text
}

// ruleNames are the rules there are, with their types.
func ruleNames() map[string]reflect.Type {
	m := map[string]reflect.Type{}
	t := reflect.TypeFor[rule.Rules]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		m[name] = t.Field(i).Type
	}
	return m
}

func sorted[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

// shape is a type in words.
func shape(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[rule.Duration]():
		return `a time such as "10m"`
	case reflect.TypeFor[pim.Filter]():
		return `an object such as {"field":"company","op":"is","value":"Acme"}`
	case reflect.TypeFor[map[pim.Kind]rule.FieldMap]():
		return `an object such as {"event":{"without":["location"]}}`
	}
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number, such as 0.2"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return `a list such as ["task"]`
	case reflect.Struct:
		return `an object such as {"private":"mask"}`
	case reflect.Map:
		return `an object such as {"contact":"keep"}`
	}
	return "a text in quotes"
}

// RulesChanged is what other rules do.
type RulesChanged struct {
	ID      store.LinkID `json:"id"`
	Rules   rule.Rules   `json:"rules"`
	Words   []string     `json:"words"`
	Touches []string     `json:"touches"`
}

// SetRules gives a link other rules. What they touch is looked at again by the next run, and nothing else. Errors: pim.ErrInvalid
// with all that is wrong.
func (o *Office) SetRules(ctx context.Context, l store.Link, now rule.Rules) (row RulesChanged, err error) {
	d, err := o.begin(ctx, "link.rules", ofLink(l))
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	for name, change := range changedRules(l.Rules, now) {
		d.note(name, change)
	}
	touch, err := o.Engine.SetRules(ctx, l.ID, now)
	return RulesChanged{ID: l.ID, Rules: now, Words: now.Describe(o.driver(l.Driver).Title), Touches: Touched(touch)}, err
}

// changedRules are the rules that are other than they were, by their names: "before → after", as JSON.
func changedRules(before []byte, after rule.Rules) map[string]string {
	out := map[string]string{}
	var was, is map[string]json.RawMessage
	text, err := json.Marshal(after)
	if err != nil || json.Unmarshal(text, &is) != nil || len(before) > 0 && json.Unmarshal(before, &was) != nil {
		return out // what cannot be read is refused when it is stored
	}
	for name, v := range is {
		if !bytes.Equal(was[name], v) {
			out[name] = string(was[name]) + " → " + string(v)
		}
	}
	for name, v := range was {
		if is[name] == nil {
			out[name] = string(v) + " →"
		}
	}
	return out
}

// Touched tells what the next run does because of a change of rules.
func Touched(t rule.Touch) []string {
	var out []string
	if t.Listing {
		out = append(out, "Everything is read from the remote again.")
	}
	if t.Fields {
		out = append(out, "The records of all items are read again, by the new field map.")
	}
	if t.Pairs {
		out = append(out, "Every item is looked at again.")
	}
	if t.Conflicts {
		out = append(out, "Open conflicts are settled again.")
	}
	if t.Relations {
		out = append(out, "The remote is asked which contacts are to come along.")
	}
	if out == nil {
		out = []string{"Nothing has to be looked at again."}
	}
	return out
}

// ChangeRules are stored rules with part put over them, rule by rule.
func ChangeRules(stored []byte, part string) (string, error) {
	whole, over := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if len(stored) > 0 {
		if err := json.Unmarshal(stored, &whole); err != nil {
			return "", err
		}
	}
	if json.Unmarshal([]byte(part), &over) != nil || over == nil || len(rule.Repeated([]byte(part))) > 0 {
		_, err := ParseRules(part) // which says what is wrong
		if err == nil {
			err = pim.Errorf("rules", pim.ErrInvalid, "the rules are not a JSON object")
		}
		return "", err
	}
	patch(whole, over)
	out, err := json.Marshal(whole)
	return string(out), err
}

// patch puts values over others by name, as RFC 7396 does, going into the rules that have
// parts: a filter is one thing.
func patch(whole, over map[string]json.RawMessage) {
	for name, value := range over {
		if string(value) == "null" {
			delete(whole, name)
			continue
		}
		old, part := map[string]json.RawMessage{}, map[string]json.RawMessage{}
		if slices.Contains([]string{"in", "out", "remove"}, name) && json.Unmarshal(whole[name], &old) == nil && json.Unmarshal(value, &part) == nil {
			patch(old, part)
			if b, err := json.Marshal(old); err == nil {
				value = b
			}
		}
		whole[name] = value
	}
}
