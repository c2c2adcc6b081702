package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// parseRules reads --rules and says in plain words what is wrong with them.
func parseRules(text string) (rule.Rules, error) {
	r, err := readRules(text)
	if err == nil {
		if err = r.Validate(); err != nil {
			err = &pim.Error{Op: "rules", Kind: pim.ErrInvalid, Public: strings.ReplaceAll(err.Error(), "\n", "; ")}
		}
	}
	return r, err
}

// readRules is parseRules, but what can be read is not judged yet: who knows the link tells all that is wrong at once.
func readRules(text string) (rule.Rules, error) {
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

// rulesGiven are the rules that --rules, or --change over those that are stored, ask for; nil
// when neither is given. A flag that is given without a value is a mistake, of a script perhaps,
// and must not set every rule back. They are not judged yet (readRules).
func rulesGiven(cmd *cobra.Command, stored []byte) (*rule.Rules, error) {
	for _, name := range []string{"rules", "change"} {
		f := cmd.Flags().Lookup(name)
		if f == nil || !f.Changed {
			continue
		}
		text := f.Value.String()
		if strings.TrimSpace(text) == "" {
			return nil, pim.Errorf("rules", pim.ErrInvalid, `--%s is empty: write rules as JSON, such as '{"policy":"ask"}'; --rules '{}' sets every rule to its default`, name)
		}
		if name == "change" {
			var err error
			if text, err = changed(stored, text); err != nil {
				return nil, err
			}
		}
		now, err := readRules(text)
		return &now, err
	}
	return nil, nil
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
	if t == reflect.TypeFor[rule.Duration]() {
		return `a time such as "10m"`
	}
	switch t.Kind() {
	case reflect.Int:
		return "a number"
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
