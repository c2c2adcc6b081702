package creatio

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
	"crmbridge/upstream/login"
)

// Driver is the row of the driver table.
func Driver() crm.Driver {
	return crm.Driver{
		Name:  "creatio",
		Title: "Creatio (bpm'online)",
		Help: "Syncs activities (as events and tasks) and contacts of one Creatio user. Needs the site's address and a login " +
			"that may use OData, or an OAuth application with client credentials.",
		Options: options(),
		Within:  map[remote.CollectionID]remote.CollectionID{Events: Activities, Tasks: Activities},
		Open:    open,
	}
}

func open(_ context.Context, env crm.Env, s crm.Settings) (remote.Remote, error) {
	s, err := Driver().Complete(s)
	if err == nil {
		err = together(s)
	}
	if err != nil {
		return nil, &pim.Error{Op: "creatio: open", Kind: pim.ErrInvalid, Public: err.Error()}
	}
	loc, err := time.LoadLocation(env.Zone)
	if err != nil {
		return nil, pim.Errorf("creatio: open", pim.ErrInvalid, "the zone %q is not known", env.Zone)
	}
	client, err := env.HTTP.At(s["url"])
	if err != nil {
		return nil, err
	}
	opens, err := opener(client, env, s)
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(s["page_size"])
	if err != nil {
		return nil, pim.Errorf("creatio: open", pim.ErrInvalid, "page_size is not a number")
	}
	age, err := time.ParseDuration(s["lookup_age"])
	if err != nil {
		return nil, pim.Errorf("creatio: open", pim.ErrInvalid, "lookup_age is no duration")
	}
	site := &site{sessions: login.NewKeeper("creatio: login", env.Now, opens.open), client: client, workspace: s["workspace"]}
	c := &connector{
		site: site, env: env, zone: loc, settings: s, pageSize: size,
		lookupAge: age,
		lookups:   newLookups(site, env.Now, age, overrides(s["lookup_ids"])),
	}
	c.people, c.manner = &people{c: c}, &manner{}
	c.models, c.named = newModels(site, env.Now, age), newNamed(c)
	c.places, c.companies = newPlaces(c), newCompanies(c)
	c.there, c.known, c.domains = newThere(c), newKnown(c), newDomains(c)
	return c, nil
}

// opener is the way to log in that the settings ask for.
func opener(client *upstream.Client, env crm.Env, s crm.Settings) (opens, error) {
	if s["auth"] != authOAuth {
		return &forms{client: client, user: s["username"], password: s["password"]}, nil
	}
	identity := s["identity_url"]
	if identity == "" {
		identity = cloudIdentity(client.Base())
	}
	if identity == "" {
		return nil, pim.Errorf("creatio: open", pim.ErrInvalid, "identity_url is missing: only for sites at creatio.com it can be told from the address")
	}
	at, err := client.At(identity)
	if err != nil {
		return nil, err
	}
	return &oauth{site: client, identity: at, id: s["client_id"], secret: s["client_secret"], now: env.Now}, nil
}

// together checks what options mean only in combination.
func together(s crm.Settings) error {
	var faults []error
	need := func(name, when string) {
		if s[name] == "" {
			faults = append(faults, fmt.Errorf("%s is missing (needed with auth %s)", name, when))
		}
	}
	if s["auth"] == authOAuth {
		need("client_id", authOAuth)
		need("client_secret", authOAuth)
		if s["username"] == "" && s["owner"] == "" {
			faults = append(faults, errors.New("username or owner is missing: whose items are to be synced?"))
		}
	} else {
		need("username", authForms)
		need("password", authForms)
	}
	return errors.Join(faults...)
}

// overrides reads "meeting=GUID, todo=GUID".
func overrides(s string) map[string]guid {
	out := map[string]guid{}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		name, id, _ := strings.Cut(part, "=")
		if g, ok := parseGUID(strings.TrimSpace(id)); ok {
			out[strings.ToLower(strings.TrimSpace(name))] = g
		}
	}
	return out
}
