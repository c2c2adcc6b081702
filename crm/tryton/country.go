package tryton

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"crmbridge/pim"
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

// atlas keeps what was read of countries. They hardly ever change, so that a
// connector reads them once.
type atlas struct {
	mu           sync.Mutex
	countries    []country
	subdivisions map[int64][]subdivision
}

// targets resolves the countries and regions of addresses.
func (c *connector) targets(ctx context.Context, f *facts, wanted []pim.Address) ([]target, error) {
	out := make([]target, 0, len(wanted))
	for _, a := range wanted {
		var region int64
		land, err := c.country(ctx, f, a.Country)
		if err == nil && land.ID != 0 {
			region, err = c.subdivision(ctx, f, land, a.Region)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, targetOf(a, land.ID, region))
	}
	return out, nil
}

// country finds a country by its name in any language or by its code; the zero value
// when Tryton has none such.
func (c *connector) country(ctx context.Context, f *facts, name string) (country, error) {
	if strings.TrimSpace(name) == "" {
		return country{}, nil
	}
	c.atlas.mu.Lock()
	all := c.atlas.countries
	c.atlas.mu.Unlock()
	if len(all) == 0 {
		q := query{model: "country.country", fields: []string{"name", "code", "code3"}}
		if err := c.find(ctx, "tryton: countries", f.in, q, &all); err != nil {
			return country{}, err
		}
		c.atlas.mu.Lock()
		c.atlas.countries = all
		c.atlas.mu.Unlock()
	}
	return countryNamed(all, name), nil
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
func (c *connector) subdivision(ctx context.Context, f *facts, land country, name string) (int64, error) {
	if strings.TrimSpace(name) == "" {
		return 0, nil
	}
	c.atlas.mu.Lock()
	all, known := c.atlas.subdivisions[land.ID]
	c.atlas.mu.Unlock()
	if !known {
		var err error
		if all, err = c.subdivisionsOf(ctx, f, land); err != nil {
			return 0, err
		}
		c.atlas.mu.Lock()
		if c.atlas.subdivisions == nil {
			c.atlas.subdivisions = map[int64][]subdivision{}
		}
		c.atlas.subdivisions[land.ID] = all
		c.atlas.mu.Unlock()
	}
	name = strings.TrimSpace(name)
	for _, s := range all {
		if strings.EqualFold(s.Name, name) || strings.EqualFold(s.Code, name) || strings.EqualFold(strings.TrimPrefix(s.Code, land.Code+"-"), name) {
			return s.ID, nil
		}
	}
	return 0, nil
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
