package tryton

import (
	"slices"

	"crmbridge/pim"
)

// place is a party.address.
type place struct {
	part
	Building    string `json:"name"`
	Street      string `json:"street"`
	PostalCode  string `json:"postal_code"`
	City        string `json:"city"`
	Country     named  `json:"country."`
	Subdivision named  `json:"subdivision."`
}

// named is a record that is shown by its name; the zero value is none.
type named struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// addressLabel is what every address of a party is for: Tryton does not say.
const addressLabel = "work"

// isEmpty reports the blank address that Tryton's clients give every new party.
func (a place) isEmpty() bool {
	return a.Building+a.Street+a.PostalCode+a.City+a.Country.Name+a.Subdivision.Name == ""
}

// sortPlaces drops what is archived or empty and puts the rest in Tryton's order.
func sortPlaces(as []place) []place {
	var out []place
	for _, a := range as {
		if bool(a.Active) && !a.isEmpty() {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b place) int { return a.before(b.part) })
	return out
}

func addresses(as []place) []pim.Address {
	var out []pim.Address
	for _, a := range sortPlaces(as) {
		out = append(out, pim.Address{
			Label: addressLabel, Street: a.Street, Extended: a.Building, City: a.City, Region: a.Subdivision.Name,
			PostalCode: a.PostalCode, Country: a.Country.Name, Preferred: len(out) == 0 && a.Sequence != nil,
		})
	}
	return out
}
