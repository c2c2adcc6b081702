package tryton

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
)

// country is a country.country. Its name is in the user's language.
type country struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Code  string `json:"code"`
	Code3 string `json:"code3"`
}

// subdivision is a state, province or region of a country.
type subdivision struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Code string `json:"code"` // "NO-03"
	Type string `json:"type"`
}

// atlas keeps what was read of countries, for as long as the settings say.
type atlas struct {
	countries    *crm.Cache[[]country]
	subdivisions *crm.Cache[[]subdivision] // by code and id of the country: "NO 3"
}

const mostLands = 300

func newAtlas(c *connector) atlas {
	return atlas{
		countries: crm.NewCache(c.now, c.set.age, 1, func(ctx context.Context, _ string) (all []country, err error) {
			f, err := c.facts(ctx)
			if err != nil {
				return nil, err
			}
			q := query{model: "country.country", fields: []string{"name", "code", "code3"}}
			return all, c.find(ctx, "tryton: countries", f.in, q, &all)
		}),
		subdivisions: crm.NewCache(c.now, c.set.age, mostLands, func(ctx context.Context, key string) ([]subdivision, error) {
			f, err := c.facts(ctx)
			if err != nil {
				return nil, err
			}
			code, number, _ := strings.Cut(key, " ")
			id, err := strconv.ParseInt(number, 10, 64)
			if err != nil {
				return nil, pim.Wrap("tryton: subdivisions", pim.ErrInternal, err)
			}
			return c.subdivisionsOf(ctx, f, country{ID: id, Code: code})
		}),
	}
}

// targets resolves the countries and regions of addresses.
func (c *connector) targets(ctx context.Context, wanted []pim.Address) ([]target, []remote.Note, error) {
	out := make([]target, 0, len(wanted))
	var notes []remote.Note
	lost := func(what, name string) {
		if name = strings.TrimSpace(name); name != "" {
			notes = append(notes, remote.Note{Field: pim.FieldAddresses, Wanted: name, Says: fmt.Sprintf("the %s %q was not found: there is none of that name; it stands in the street", what, name)})
		}
	}
	for _, a := range wanted {
		var region int64
		land, err := c.country(ctx, a.Country)
		if err == nil && land.ID != 0 {
			region, err = c.subdivision(ctx, land, a.Region)
		}
		if err != nil {
			return nil, nil, err
		}
		if land.ID == 0 {
			lost("country", a.Country)
		}
		if region == 0 {
			lost("region", a.Region)
		}
		out = append(out, targetOf(a, land.ID, region))
	}
	return out, notes, nil
}

// country finds a country by its name in any language or by its code; the zero value
// when Tryton has none such.
func (c *connector) country(ctx context.Context, name string) (country, error) {
	if strings.TrimSpace(name) == "" {
		return country{}, nil
	}
	all, err := c.atlas.countries.Get(ctx, "")
	if err != nil {
		return country{}, err
	}
	land := countryNamed(all, name)
	if land.ID != 0 {
		return land, nil
	}
	all, asked, err := c.atlas.countries.Again(ctx, "")
	if err == nil && asked {
		land = countryNamed(all, name)
	}
	return land, err
}

func countryNamed(all []country, name string) country {
	if name = strings.TrimSpace(name); name == "" {
		return country{}
	}
	for _, l := range all {
		if strings.EqualFold(l.Name, name) || strings.EqualFold(l.Code, name) || l.Code3 != "" && strings.EqualFold(l.Code3, name) {
			return l
		}
	}
	// Cards come in the language of the phone.
	for _, tag := range display.Supported.Tags() {
		namer := display.Regions(tag)
		if namer == nil {
			continue
		}
		for _, l := range all {
			r, err := language.ParseRegion(l.Code)
			if err == nil && strings.EqualFold(namer.Name(r), name) {
				return l
			}
		}
	}
	return country{}
}

// subdivision finds a region of a country by name or code; 0 when Tryton has none
// such or does not want it in an address.
func (c *connector) subdivision(ctx context.Context, land country, name string) (int64, error) {
	if strings.TrimSpace(name) == "" {
		return 0, nil
	}
	key := land.Code + " " + strconv.FormatInt(land.ID, 10)
	all, err := c.atlas.subdivisions.Get(ctx, key)
	if err != nil {
		return 0, err
	}
	id := subdivisionNamed(all, land, name)
	if id != 0 {
		return id, nil
	}
	all, asked, err := c.atlas.subdivisions.Again(ctx, key)
	if err == nil && asked {
		id = subdivisionNamed(all, land, name)
	}
	return id, err
}

func subdivisionNamed(all []subdivision, land country, name string) int64 {
	name = strings.TrimSpace(name)
	for _, s := range all {
		if strings.EqualFold(s.Name, name) || strings.EqualFold(s.Code, name) || strings.EqualFold(strings.TrimPrefix(s.Code, land.Code+"-"), name) {
			return s.ID
		}
	}
	var offered []crm.LookupValue
	for _, s := range all {
		offered = append(offered, crm.LookupValue{ID: strconv.FormatInt(s.ID, 10), Name: s.Name})
	}
	if v, how, _ := crm.Match(name, offered); how == crm.Exact || how == crm.Partial {
		id, _ := strconv.ParseInt(v.ID, 10, 64) // written two lines above
		return id
	}
	return 0
}

// subdivisionsOf are those that an address of the country may name: a country can be
// limited to, say, provinces.
func (c *connector) subdivisionsOf(ctx context.Context, f *facts, land country) ([]subdivision, error) {
	const op = "tryton: subdivisions of country " // its number, not its name
	var all []subdivision
	q := query{model: "country.subdivision", where: domain{clause("country", "=", land.ID)}, fields: []string{"name", "code", "type"}}
	if err := c.find(ctx, op+strconv.FormatInt(land.ID, 10), f.in, q, &all); err != nil {
		return nil, err
	}
	var limits []struct {
		Types []string `json:"types"`
	}
	q = query{model: "party.address.subdivision_type", where: domain{clause("country_code", "=", land.Code), clause("active", "=", true)}, fields: []string{"types"}}
	if err := c.find(ctx, op+strconv.FormatInt(land.ID, 10), f.in, q, &limits); err != nil {
		return nil, err
	}
	var allowed []string
	for _, l := range limits {
		allowed = append(allowed, l.Types...)
	}
	if len(allowed) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(s subdivision) bool { return !slices.Contains(allowed, s.Type) }), nil
}
