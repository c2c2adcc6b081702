package admin

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/store"
)

// ruleField is a rule as a form has it. Its path is the name in the stored form, with a dot before a part: "in.private".
type ruleField struct {
	path, kind string
	values     []string // of a choice; the first is the default
}

// Kinds of ruleField.
const (
	ruleNumber = "number"
	ruleCheck  = "check"
	ruleText   = "text"
	ruleList   = "list"  // names with commas between them; empty is no bound
	ruleTypes  = "types" // as a list; "-" is none at all
	ruleChoice = "choice"
	ruleJSON   = "json"
)

// ruleSection is rules that go together.
type ruleSection struct {
	name   string
	fields []ruleField
}

// ruleTable is all rules, as people look for them.
func ruleTable() []ruleSection {
	return []ruleSection{
		{"what", []ruleField{
			{"direction", ruleChoice, []string{"both", "in", "out"}}, {"kinds", ruleList, nil}, {"onlyLinked", ruleCheck, nil}, {"category", ruleText, nil},
			{"series", ruleChoice, []string{"refuse", "expand"}},
		}},
		{"when", []ruleField{
			{"pastDays", ruleNumber, nil}, {"futureDays", ruleNumber, nil}, {"since", ruleText, nil},
			{"in.pastDays", ruleNumber, nil}, {"in.futureDays", ruleNumber, nil}, {"in.since", ruleText, nil},
			{"out.pastDays", ruleNumber, nil}, {"out.futureDays", ruleNumber, nil}, {"out.since", ruleText, nil}, {"archiveDays", ruleNumber, nil},
		}},
		{"scope", []ruleField{
			{"groups", ruleList, nil}, {"types", ruleList, nil}, {"allOwners", ruleCheck, nil}, {"filter", ruleJSON, nil},
			{"relatedContacts", ruleCheck, nil}, {"activityContacts", ruleCheck, nil}, {"contactsLink", ruleText, nil}, {"relate", ruleChoice, []string{"addresses", "never"}},
		}},
		{"types", []ruleField{
			{"in.create", ruleTypes, nil}, {"in.carry", ruleTypes, nil}, {"out.create", ruleTypes, nil}, {"out.carry", ruleTypes, nil},
			{"defaultType", ruleText, nil}, {"holdUntyped", ruleCheck, nil}, {"typeNames", ruleList, nil},
		}},
		{"people", []ruleField{
			{"in.private", ruleChoice, []string{"full", "mask", "none"}}, {"out.private", ruleChoice, []string{"full", "mask", "none"}},
			{"in.attendees", ruleChoice, []string{"carry", "keep"}}, {"out.attendees", ruleChoice, []string{"carry", "keep"}}, {"mail", ruleChoice, []string{"never", "allow"}},
		}},
		{"collisions", []ruleField{
			{"policy", ruleChoice, []string{"ask", "newest", "crm", "client", "exchange"}}, {"remove", ruleJSON, nil}, {"approve", ruleCheck, nil},
			{"brakeAbsolute", ruleNumber, nil}, {"brakeShare", ruleText, nil}, {"createsPerHour", ruleNumber, nil}, {"mailsPerHour", ruleNumber, nil},
		}},
		{"rest", []ruleField{
			{"fields", ruleJSON, nil}, {"fileMegabytes", ruleNumber, nil}, {"filesMegabytes", ruleNumber, nil}, {"reconcileEvery", ruleText, nil}, {"annotateAfter", ruleText, nil},
		}},
	}
}

// rulesData is the page with the rules of a link.
type rulesData struct {
	Link     manage.Link
	Sections []rulesShown
	Words    []string // of the rules as they are
	Fault    string
	Preview  *manage.Preview
}

type rulesShown struct {
	Name   string
	Fields []field
}

// ruleValue is the stored value of a rule, nil where it has its default.
func ruleValue(stored map[string]any, path string) any {
	part, name, deep := strings.Cut(path, ".")
	if !deep {
		return stored[part]
	}
	flow, _ := stored[part].(map[string]any)
	return flow[name]
}

// ruleWord is a stored value as a form shows it.
func ruleWord(kind string, v any) string {
	list := func(all []any) string {
		var words []string
		for _, one := range all {
			if s, ok := one.(string); ok {
				words = append(words, s)
			}
		}
		return strings.Join(words, ", ")
	}
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		if x {
			return "on"
		}
		return ""
	case []any:
		if kind == ruleTypes && len(x) == 0 {
			return "-"
		}
		if kind != ruleJSON {
			return list(x)
		}
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// ruleJSONOf is what somebody put in for a rule, as JSON; "null" is its default.
func ruleJSONOf(kind, word string) string {
	quoted := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			return "null"
		}
		return string(b)
	}
	word = strings.TrimSpace(word)
	switch {
	case word == "":
		return "null"
	case kind == ruleCheck:
		return "true"
	case kind == ruleJSON:
		return word
	case kind == ruleNumber:
		if _, err := strconv.Atoi(word); err == nil {
			return word
		}
	case kind == ruleTypes && word == "-":
		return "[]"
	case kind == ruleList, kind == ruleTypes:
		var all []string
		for _, one := range strings.Split(word, ",") {
			if one = strings.TrimSpace(one); one != "" {
				all = append(all, one)
			}
		}
		return quoted(all)
	case kind == ruleText:
		if _, err := strconv.ParseFloat(word, 64); err == nil { // brakeShare
			return word
		}
	}
	return quoted(word)
}

// rulesForm are the fields with the values that value gives for each path.
func (c *call) rulesForm(value func(ruleField) string) []rulesShown {
	var out []rulesShown
	for _, s := range ruleTable() {
		shown := rulesShown{Name: s.name}
		for _, r := range s.fields {
			x := field{Name: "rule-" + r.path, Label: c.Word("rules.names", r.path), Value: value(r), Kind: "text"}
			switch r.kind {
			case ruleNumber:
				x.Kind = "number"
			case ruleCheck:
				x.Kind = "checkbox"
			case ruleJSON:
				x.Kind = "textarea"
			case ruleList:
				x.Help = c.Say("rules.listHelp")
			case ruleTypes:
				x.Help = c.Say("rules.typesHelp")
			case ruleChoice:
				x.Kind = "select"
				name := r.path[strings.LastIndex(r.path, ".")+1:]
				for i, v := range r.values {
					word := v
					if i == 0 {
						word = ""
					}
					x.Options = append(x.Options, option{word, c.Word("rules.values", name+"."+v)})
				}
				if x.Value == r.values[0] {
					x.Value = ""
				}
			}
			shown.Fields = append(shown.Fields, x)
		}
		out = append(out, shown)
	}
	return out
}

// rulesOf begins the page: the link, and its rules in words.
func (c *call) rulesOf() (store.Link, rulesData, error) {
	l, err := c.linkOf()
	if err != nil {
		return l, rulesData{}, err
	}
	d, err := c.Office.LinkDetail(c.r.Context(), "", strconv.FormatInt(int64(l.ID), 10))
	return l, rulesData{Link: d.Link, Words: d.Words}, err
}

func (c *call) rulesPage() (answer, error) {
	l, d, err := c.rulesOf()
	if err != nil {
		return nil, err
	}
	stored := map[string]any{}
	if len(l.Rules) > 0 {
		if err := json.Unmarshal(l.Rules, &stored); err != nil {
			return nil, err
		}
	}
	d.Sections = c.rulesForm(func(r ruleField) string { return ruleWord(r.kind, ruleValue(stored, r.path)) })
	return page{name: "rules", data: d}, nil
}

// rulesPut is what was put in, as a change of all rules (manage.ChangeRules).
func (c *call) rulesPut() string {
	whole, flows := map[string]json.RawMessage{}, map[string]map[string]json.RawMessage{"in": {}, "out": {}}
	for _, s := range ruleTable() {
		for _, r := range s.fields {
			v := json.RawMessage(ruleJSONOf(r.kind, c.value("rule-"+r.path)))
			if flow, name, deep := strings.Cut(r.path, "."); deep {
				flows[flow][name] = v
			} else {
				whole[r.path] = v
			}
		}
	}
	for flow, parts := range flows {
		if b, err := json.Marshal(parts); err == nil {
			whole[flow] = b
		}
	}
	b, err := json.Marshal(whole)
	if err != nil { // what was put in for an object is no JSON
		return "{"
	}
	return string(b)
}

// setRules shows what other rules would do, or has the link follow them.
func (c *call) setRules() (answer, error) {
	l, d, err := c.rulesOf()
	if err != nil {
		return nil, err
	}
	d.Sections = c.rulesForm(func(r ruleField) string { return c.value("rule-" + r.path) })
	refused := func(err error) (answer, error) {
		if pim.ReasonOf(err) == pim.ErrInternal {
			return nil, err
		}
		d.Fault = pim.PublicText(err)
		return page{status: http.StatusUnprocessableEntity, name: "rules", data: d}, nil
	}
	text, err := manage.ChangeRules(l.Rules, c.rulesPut())
	if err != nil {
		return refused(err)
	}
	now, err := manage.ReadRules(text)
	if err != nil {
		return refused(err)
	}
	if c.value("do") == "preview" {
		v, err := c.Office.PreviewRun(c.r.Context(), l, relay.PreviewOptions{Rules: &now})
		if err != nil {
			return refused(err)
		}
		d.Preview, d.Words = &v, now.Describe(d.Link.Driver)
		return page{name: "rules", data: d}, nil
	}
	changed, err := c.Office.SetRules(c.r.Context(), l, now)
	if err != nil {
		return refused(err)
	}
	c.tell(false, c.Say("rules.saved")+" "+strings.Join(changed.Touches, " "))
	return to(linkPath(l)), nil
}
