package ews

import (
	"slices"
	"strings"

	"crmbridge/pim"
)

// phoneSlots are Exchange's places for numbers with the labels that they have here, those that are filled first before others.
var phoneSlots = []struct{ key, label string }{
	{"BusinessPhone", "work"}, {"BusinessPhone2", "work"}, {"HomePhone", "home"}, {"HomePhone2", "home"}, {"MobilePhone", "cell"},
	{"BusinessFax", "fax,work"}, {"HomeFax", "fax,home"}, {"OtherFax", "fax"}, {"Pager", "pager"}, {"CarPhone", "car"},
	{"CompanyMainPhone", "main"}, {"PrimaryPhone", "primary"}, {"OtherTelephone", "other"}, {"Isdn", "isdn"},
	{"AssistantPhone", "assistant"}, {"Callback", "callback"}, {"RadioPhone", "radio"}, {"Telex", "telex"}, {"TtyTddPhone", "tty"},
}

var phoneKeys = func() []string {
	var out []string
	for _, s := range phoneSlots {
		out = append(out, s.key)
	}
	return out
}()

func readPhones(x *item, it pim.Item, _ *zones) {
	c := it.(*pim.Contact)
	for _, e := range inKeyOrder(phoneKeys, x.Phones) {
		i := slices.Index(phoneKeys, e.Key)
		c.Phones = append(c.Phones, pim.Labeled{Label: phoneSlots[i].label, Value: e.Value})
	}
}

func writePhones(w *writing) {
	w.entries("contacts:PhoneNumber", "t:PhoneNumbers", phoneKeys, placed(preferredFirst(w.contact().Phones)))
}

// placed gives each number a place: one of its label, else one that comes near, else the next that is free. What is more than the
// places is left out.
func placed(phones []pim.Labeled) map[string]string {
	out := map[string]string{}
	put := func(l pim.Labeled, label string) bool {
		for _, s := range phoneSlots {
			if s.label == label && out[s.key] == "" {
				out[s.key] = l.Value
				return true
			}
		}
		return false
	}
	var rest []pim.Labeled
	for _, l := range phones {
		if strings.TrimSpace(l.Value) != "" && !put(l, phoneLabel(l.Label)) {
			rest = append(rest, l)
		}
	}
	for _, l := range rest {
		fax := strings.Contains(l.Label, "fax")
		for _, s := range phoneSlots {
			if out[s.key] == "" && strings.Contains(s.label, "fax") == fax && s.label != "pager" && s.label != "telex" && s.label != "tty" {
				out[s.key] = l.Value
				break
			}
		}
	}
	return out
}

// phoneLabel is the label of a place for a label of a card.
func phoneLabel(label string) string {
	parts := strings.Split(label, ",")
	has := func(s string) bool { return slices.Contains(parts, s) }
	switch {
	case has("fax") && has("work"):
		return "fax,work"
	case has("fax") && has("home"):
		return "fax,home"
	case has("fax"):
		return "fax"
	case has("cell"), has("iphone"), has("mobile"):
		return "cell"
	case label == "":
		return "other"
	}
	for _, p := range parts {
		if slices.ContainsFunc(phoneSlots, func(s struct{ key, label string }) bool { return s.label == p }) {
			return p
		}
	}
	return "other"
}
