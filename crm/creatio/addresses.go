package creatio

import (
	"context"
	"slices"
	"strings"

	"crmbridge/pim"
)

// addresses is how a contact's addresses are read.
func addresses() kidQuery {
	return kidQuery{
		child:  child{entity: "ContactAddress", nav: "Contact"},
		sel:    []string{"Id", "ModifiedOn", "ContactId", "AddressTypeId", "CountryId", "RegionId", "CityId", "Zip", "Address", "Primary"},
		expand: "City($select=Id,Name),Region($select=Id,Name),Country($select=Id,Name)",
	}
}

// addressLimit and zipLimit are lengths of columns, in UTF-16 units.
const (
	addressLimit = 500
	zipLimit     = 50
)

// addressesOf is what a contact's address rows say; without any, what its own
// columns say.
func addressesOf(r contact, l contactLists) []pim.Address {
	var out []pim.Address
	for _, k := range r.addrs {
		a := addressOf(k, l)
		a.Preferred = k.flag("Primary") && len(r.addrs) > 1
		if a != (pim.Address{Label: a.Label, Preferred: a.Preferred}) {
			out = append(out, a)
		}
	}
	if len(r.addrs) == 0 {
		if a := addressOf(r.row, l); a != (pim.Address{Label: a.Label}) {
			out = append(out, a)
		}
	}
	return out
}

func addressOf(k row, l contactLists) pim.Address {
	return pim.Address{
		Label: addressLabel(k.ref("AddressTypeId"), l), Street: lines(k.text("Address")), City: k.sub("City").text("Name"),
		Region: k.sub("Region").text("Name"), Country: k.sub("Country").text("Name"), PostalCode: k.text("Zip"),
	}
}

func addressLabel(typ guid, l contactLists) string {
	switch l.addrs.word[typ] {
	case addressWork:
		return "work"
	case addressHome:
		return "home"
	case addressDelivery:
		return "delivery"
	}
	return strings.ReplaceAll(fold(l.addrs.name(typ)), ",", " ")
}

func addressType(label string, l contactLists) guid {
	for _, part := range strings.Split(label, ",") {
		word := map[string]string{"work": addressWork, "home": addressHome, "delivery": addressDelivery, "parcel": addressDelivery}[part]
		if id := l.addrs.ids[word]; id != "" {
			return id
		}
		if v, ok := l.addrs.named(part); ok {
			return v.id
		}
	}
	return l.addrs.ids[addressWork]
}

// syncAddresses makes a contact's address rows those of want. It tells how many
// writes it took.
func (b *contacts) syncAddresses(ctx context.Context, k *looking, id guid, have []row, want []pim.Address, l contactLists) (int, error) {
	var rows []row
	for _, w := range want {
		r, err := k.addressRow(ctx, w, l)
		if err != nil {
			return 0, err
		}
		if len(want) > 1 && slices.ContainsFunc(want, func(a pim.Address) bool { return a.Preferred }) {
			r["Primary"] = w.Preferred
		}
		rows = append(rows, r)
	}
	used := map[guid]bool{}
	for _, k := range have {
		used[k.id()] = true
	}
	edits := planAddresses(have, rows)
	return len(edits), b.carryOut(ctx, "ContactAddress", id, edits, used)
}

// addressRow looks the place up. What Creatio has no column for stands in the
// street: a box and the line above it.
func (k *looking) addressRow(ctx context.Context, a pim.Address, l contactLists) (row, error) {
	country, err := k.country(ctx, a.Country)
	if err != nil {
		return nil, err
	}
	region, err := k.place(ctx, "Region", a.Region, country)
	if err != nil {
		return nil, err
	}
	city, err := k.place(ctx, "City", a.City, country)
	if err != nil {
		return nil, err
	}
	var street []string
	for _, s := range []string{a.POBox, a.Extended, a.Street} {
		if s = strings.TrimSpace(s); s != "" {
			street = append(street, s)
		}
	}
	return row{
		"AddressTypeId": addressType(a.Label, l), "CountryId": country, "RegionId": region, "CityId": city,
		"Zip": clip(a.PostalCode, zipLimit), "Address": clip(strings.Join(street, ", "), addressLimit),
	}, nil
}

// planAddresses reuses the row that is alike, else one of the same type, else any.
func planAddresses(have, want []row) []edit {
	return planRows(have, want, func(w row) row { return w },
		func(k, w row) bool { return len(k.differing(without(w, "Primary"))) == 0 },
		func(k, w row) bool { return k.ref("AddressTypeId") == w.ref("AddressTypeId") },
		func(row, row) bool { return true })
}

func without(r row, col string) row {
	out := row{}
	for k, v := range r {
		if k != col {
			out[k] = v
		}
	}
	return out
}
