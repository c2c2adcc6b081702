package tryton

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"crmbridge/crm"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/upstream"
)

// Driver is the row for the table of drivers.
func Driver() remote.Driver {
	return remote.Driver{
		Name:  "tryton",
		Title: "Tryton",
		Help: "Parties as contacts and, where the module project is active, tasks. Tryton 6.0 or later. " +
			"It needs a user who may read, create, change and delete parties and, for tasks, works (group Project Administration).",
		Options: options(),
		Open:    open,
	}
}

func options() []crm.Option {
	return []crm.Option{
		{
			Name: "url", Title: "Address", Required: true, Check: address,
			Help: "of the Tryton server as the web client uses it, without the database: https://tryton.example.org",
		},
		{
			Name: "database", Title: "Database", Required: true, Check: oneName,
			Help: "the name of the database on that server",
		},
		{Name: "username", Title: "User name", Required: true, Check: userName, Help: "the login of a Tryton user, best one of the bridge's own"},
		{Name: "password", Title: "Password", Required: true, Secret: true, Help: "of that user"},
		{
			Name: "company", Title: "Company",
			Help: "whose tasks are synchronised, by name; the user's own when empty",
		},
		{
			Name: "default_project", Title: "Project of new tasks",
			Help: "the project that tasks made in a calendar go into, by name; none when empty",
		},
		{
			Name: "employer_relation", Title: "Relation to the employer",
			Help: "the type of the relation from a person to the company, by name (module party_relationship): it becomes the company of a contact. Empty leaves relations alone",
		},
		{
			Name: "create_companies", Title: "Create companies", Default: "yes", Values: []string{"yes", "no"},
			Help: "whether a contact's company that Tryton does not know is made as a party; otherwise it is left out",
		},
		{
			Name: "language", Title: "Language", Check: languageCode,
			Help: "code of the Tryton language that names of countries, statuses and categories come in, such as de or pt_BR; the user's own when empty",
		},
		{
			Name: "lookup_age", Title: "Age of lists", Default: "1h", Check: lookupAge,
			Help: "how long lists of countries and regions are remembered, such as 15m. What is not found is asked for again earlier",
		},
		{
			Name: "cancelled_status", Title: "Status of cancelled tasks",
			Help: "by name. Tryton has none of its own; without it tasks cannot be cancelled from a calendar",
		},
		{
			Name: "web_url", Title: "Address of the web client", Check: address,
			Help: "if it is not that of the server, for links to the pages of contacts and tasks",
		},
	}
}

func address(s string) error {
	_, err := upstream.ParseBase(s)
	return err
}

func languageCode(s string) error {
	if len(s) > 12 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_@0123456789") != "" {
		return errors.New("must be a code of a language, such as de or pt_BR")
	}
	return nil
}

func lookupAge(s string) error {
	if d, err := time.ParseDuration(s); err != nil || d < time.Minute || d > 7*24*time.Hour {
		return errors.New("must be a duration from 1m to 168h")
	}
	return nil
}

func oneName(s string) error {
	if strings.ContainsAny(s, "/\\?#") {
		return errors.New("the name of the database alone, without slashes")
	}
	return nil
}

// userName refuses what Tryton's session header could not carry.
func userName(s string) error {
	if strings.Contains(s, ":") {
		return errors.New("a user name with a colon does not work with Tryton")
	}
	return nil
}

// settings are the options of one connection.
type settings struct {
	database, username, password string
	company, project             string
	employer, cancelled          string
	page                         string // the web client's address, ending in "/"
	createCompanies              bool
	language                     string        // "" is the user's
	age                          time.Duration // of remembered lists
}

func open(_ context.Context, env remote.Env, s remote.Settings) (remote.Remote, error) {
	const op = "tryton: open"
	if env.HTTP == nil || env.Now == nil {
		return nil, pim.Errorf(op, pim.ErrInternal, "the program gave no HTTP client or no clock")
	}
	h, err := env.HTTP.At(s["url"])
	if err != nil {
		return nil, err
	}
	set := settings{
		database: s["database"], username: s["username"], password: s["password"], company: s["company"],
		project: s["default_project"], employer: s["employer_relation"], cancelled: s["cancelled_status"], page: h.Base(),
		createCompanies: s["create_companies"] != "no", language: s["language"], age: time.Hour,
	}
	if d, err := time.ParseDuration(s["lookup_age"]); err == nil {
		set.age = d
	}
	if web := s["web_url"]; web != "" {
		u, err := upstream.ParseBase(web)
		if err != nil {
			return nil, &pim.Error{Op: op, Kind: pim.ErrInvalid, Public: "web_url: " + err.Error()}
		}
		set.page = u.String()
	}
	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	zone, err := time.LoadLocation(env.Zone)
	if err != nil {
		return nil, pim.Errorf(op, pim.ErrInvalid, "the zone %q is not known", env.Zone)
	}
	c := newConnector(newClient(h, set), env.Now, log, zone)
	c.alone = env.Alone
	return c, nil
}
