package ews

import (
	"strings"

	"crmbridge/pim"
)

// addressSlots are Exchange's three places for postal addresses.
var addressSlots = []struct{ key, label string }{{"Business", "work"}, {"Home", "home"}, {"Other", "other"}}

var addressParts = []string{"Street", "City", "State", "CountryOrRegion", "PostalCode"}

func addressPaths() []path {
	var out []path
	for _, part := range addressParts {
		for _, s := range addressSlots {
			out = append(out, path{uri: "contacts:PhysicalAddress:" + part, index: s.key})
		}
	}
	return append(out, uri("contacts:PostalAddressIndex"))
}

func readAddresses(x *item, it pim.Item, _ *zones) {
	c := it.(*pim.Contact)
	for _, s := range addressSlots {
		for _, a := range x.Addresses {
			got := pim.Address{Label: s.label, Street: noteText(a.Street), City: a.City, Region: a.State, PostalCode: a.Code, Country: a.Country}
			if a.Key != s.key || got == (pim.Address{Label: s.label}) {
				continue
			}
			got.Preferred = x.MailAddress.text() == s.key
			c.Addresses = append(c.Addresses, got)
		}
	}
}

func writeAddresses(w *writing) {
	at, mail, left := placedAddresses(w.contact().Addresses)
	for _, a := range left {
		w.left(pim.FieldAddresses, strings.TrimSpace(a.Street+" "+a.City))
	}
	for _, s := range addressSlots {
		a := at[s.key]
		for i, v := range []string{crlf(street(a)), a.City, a.Region, a.Country, a.PostalCode} {
			p := path{uri: "contacts:PhysicalAddress:" + addressParts[i], index: s.key}
			if v == "" {
				w.clear(p)
				continue
			}
			w.set(p, node("t:PhysicalAddresses", el{name: "t:Entry", attr: []string{"Key", s.key}, kids: []el{leaf("t:"+addressParts[i], v)}}))
		}
	}
	w.set(uri("contacts:PostalAddressIndex"), leaf("t:PostalAddressIndex", mail))
}

// placedAddresses gives addresses their places, those of a place's own label first. mail is the place of the first choice, left
// are those for which there is no place.
func placedAddresses(all []pim.Address) (at map[string]pim.Address, mail string, left []pim.Address) {
	at, mail = map[string]pim.Address{}, "None"
	var rest []pim.Address
	put := func(key string, a pim.Address) {
		at[key] = a
		if a.Preferred && mail == "None" {
			mail = key
		}
	}
	for _, a := range all {
		key := "Other"
		for _, s := range addressSlots {
			if strings.Contains(a.Label, s.label) {
				key = s.key
			}
		}
		if _, taken := at[key]; taken {
			rest = append(rest, a)
			continue
		}
		put(key, a)
	}
	for _, a := range rest {
		free := ""
		for _, s := range addressSlots {
			if _, taken := at[s.key]; !taken {
				free = s.key // the last one says least of what it is for
			}
		}
		if free == "" {
			left = append(left, a)
			continue
		}
		put(free, a)
	}
	return at, mail, left
}

// street is what Exchange has one property for.
func street(a pim.Address) string {
	var lines []string
	for _, s := range []string{a.POBox, a.Extended, a.Street} {
		if s = strings.TrimSpace(s); s != "" {
			lines = append(lines, s)
		}
	}
	return strings.Join(lines, "\n")
}
