package creatio

import (
	"context"
	"strings"
	"sync"
)

// places finds cities and regions by name. Their lists are long, so they are asked
// one by one and remembered.
type places struct {
	c  *connector
	mu sync.Mutex
	by map[string]guid
}

func newPlaces(c *connector) *places { return &places{c: c, by: map[string]guid{}} }

// rememberedPlaces bounds the memory; beyond it everything is asked again.
const rememberedPlaces = 5000

// find is a row of City or Region by name within a country ("" is any). An unknown
// one is added if the settings and the site let us; else "".
func (p *places) find(ctx context.Context, entity, name string, country guid) (guid, error) {
	name = clip(strings.TrimSpace(name), nameLimit)
	if name == "" {
		return "", nil
	}
	key := entity + "\x00" + fold(name) + "\x00" + string(country)
	p.mu.Lock()
	id := p.by[key]
	p.mu.Unlock()
	if id != "" {
		return id, nil
	}
	id, err := p.ask(ctx, entity, name, country)
	if err == nil && id == "" && p.c.settings["create_places"] == "yes" {
		id, err = p.add(ctx, entity, name, country)
	}
	if err != nil || id == "" {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.by) >= rememberedPlaces {
		p.by = map[string]guid{}
	}
	p.by[key] = id
	return id, nil
}

func (p *places) ask(ctx context.Context, entity, name string, country guid) (guid, error) {
	rows, err := p.c.site.every(ctx, entity, query{filter: equals("Name", name), sel: []string{"Id", "Name", "CountryId"}})
	if err != nil {
		return "", err
	}
	for _, r := range rows {
		if country == "" || r.ref("CountryId") == country || r.ref("CountryId") == "" {
			return r.id(), nil
		}
	}
	return "", nil
}

func (p *places) add(ctx context.Context, entity, name string, country guid) (guid, error) {
	id := madeID("place", entity, fold(name), string(country))
	_, err := p.c.site.insert(ctx, entity, row{"Id": id, "Name": name, "CountryId": country})
	return p.c.ifAllowed(id, err)
}

// country is a country by name, or by its ISO code where the list has codes in
// its names.
func (p *places) country(ctx context.Context, name string) (guid, error) {
	t, err := p.c.lookups.get(ctx, "Country")
	if err != nil {
		return "", err
	}
	v, _ := t.named(name)
	return v.id, nil
}
