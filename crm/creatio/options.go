package creatio

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crmbridge/crm"
	"crmbridge/upstream"
)

const (
	authForms = "forms"
	authOAuth = "oauth"
)

func options() []crm.Option {
	return []crm.Option{
		{Name: "url", Title: "Address", Required: true, Help: "The site as it is opened in the browser, for example crm.example.org. Without a scheme https is meant.",
			Check: func(v string) error { _, err := upstream.ParseBase(v); return err }},
		{Name: "auth", Title: "Login", Default: authForms, Values: []string{authForms, authOAuth}, Help: "forms: user and password. oauth: client credentials of the Identity Service."},
		{Name: "username", Title: "User", Help: "Login name in Creatio. With oauth: the user whose items are synced."},
		{Name: "password", Title: "Password", Secret: true},
		{Name: "client_id", Title: "Client ID", Help: "Of the OAuth application."},
		{Name: "client_secret", Title: "Client secret", Secret: true},
		{Name: "identity_url", Title: "Identity Service", Help: "Its address. For sites at creatio.com it is known.",
			Check: func(v string) error { _, err := upstream.ParseBase(v); return err }},
		{Name: "workspace", Title: "Workspace path", Default: "auto", Values: []string{"auto", "0", "none"}, Help: "0 for .NET Framework sites (/0/odata), none for .NET sites (/odata); auto finds out."},
		{Name: "owner", Title: "Contact", Help: "Id or e-mail address of the contact whose items are synced. Only needed where the login may not read the list of users."},
		{Name: "default_type", Title: "Category of new events", Help: "Name of an activity category for events that have none; empty is Meeting."},
		{Name: "default_task_type", Title: "Category of new tasks", Help: "Name of an activity category for tasks that have none; empty is To do."},
		{Name: "create_companies", Title: "Create companies", Default: "yes", Values: []string{"yes", "no"}, Help: "Whether a contact's company that Creatio does not know is created there; otherwise it is left out."},
		{Name: "create_places", Title: "Create cities", Default: "yes", Values: []string{"yes", "no"}, Help: "Whether a city that Creatio does not know is added to its list; otherwise it is left out."},
		{Name: "company_code", Title: "Code of companies", Default: "Code", Help: "Column of an account by which it is found when a company is written #CODE#, such as Code.", Check: checkColumn},
		{Name: "lookup_age", Title: "Age of lists", Default: "1h", Help: "How long pick-lists and names that were looked up are remembered, such as 15m. What is not found is asked for again earlier.", Check: checkAge},
		{Name: "lookup_ids", Title: "Lookup values", Help: "For sites whose pick-lists are not recognised: meaning=id, comma separated. Meanings: " + strings.Join(words(), ", ") + ".", Check: checkOverrides},
		{Name: "page_size", Title: "Page size", Default: "200", Help: "Records a request, 10 to 500.", Check: checkPageSize},
	}
}

func checkAge(v string) error {
	if d, err := time.ParseDuration(v); err != nil || d < time.Minute || d > 7*24*time.Hour {
		return errors.New("must be a duration from 1m to 168h")
	}
	return nil
}

func checkColumn(v string) error {
	if strings.ContainsFunc(v, func(r rune) bool { return r > 'z' || !wordByte(byte(r)) || r == '/' }) || !isPath(v) {
		return errors.New("must be the name of a column, such as Code")
	}
	return nil
}

func checkPageSize(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 10 || n > maxPage {
		return fmt.Errorf("must be a number from 10 to %d", maxPage)
	}
	return nil
}

func checkOverrides(v string) error {
	known := map[string]bool{}
	for _, w := range words() {
		known[w] = true
	}
	var faults []error
	for _, part := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		name, id, _ := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !known[name] {
			faults = append(faults, fmt.Errorf("there is no meaning %q", name))
		}
		if _, ok := parseGUID(strings.TrimSpace(id)); !ok {
			faults = append(faults, fmt.Errorf("%s has no id", name))
		}
	}
	return errors.Join(faults...)
}
