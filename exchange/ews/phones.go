package ews

import (
	"slices"
	"strings"

	"crmbridge/pim"
)

type phoneSlot struct{ key, label string }

// phoneSlots are Exchange's places for numbers with the labels that they have here, those that are filled first before others.
var phoneSlots = []phoneSlot{
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
	at, rest := placed(preferredFirst(w.contact().Phones))
	for _, v := range rest {
		w.left(pim.FieldPhones, v)
	}
	w.entries("contacts:PhoneNumber", "t:PhoneNumbers", phoneKeys, at)
}

// placed gives each number a place: one of its label, else one that comes near, else the next that is free. left are those
// for which there is none.
func placed(phones []pim.Labeled) (out map[string]string, left []string) {
	out = map[string]string{}
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
		i := slices.IndexFunc(phoneSlots, func(s phoneSlot) bool {
			return out[s.key] == "" && strings.Contains(s.label, "fax") == fax && s.label != "pager" && s.label != "telex" && s.label != "tty"
		})
		if i < 0 {
			left = append(left, l.Value)
			continue
		}
		out[phoneSlots[i].key] = l.Value
	}
	return out, left
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
		if slices.ContainsFunc(phoneSlots, func(s phoneSlot) bool { return s.label == p }) {
			return p
		}
	}
	return "other"
}
