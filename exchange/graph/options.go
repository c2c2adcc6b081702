package graph

import (
	"crypto"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"crmbridge/exchange"
	"crmbridge/upstream"
)

// cloud is where Microsoft 365 is run: who gives tokens, and who answers.
type cloud struct{ name, login, graph string }

// clouds are Microsoft's national ones (Microsoft Graph, "National cloud deployments").
func clouds() []cloud {
	return []cloud{
		{"global", "https://login.microsoftonline.com", "https://graph.microsoft.com"},
		{"us-government", "https://login.microsoftonline.us", "https://graph.microsoft.us"},
		{"us-defense", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"},
		{"china", "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"},
	}
}

func cloudNamed(name string) cloud {
	for _, c := range clouds() {
		if c.name == name {
			return c
		}
	}
	return clouds()[0]
}

func cloudNames() []string {
	var names []string
	for _, c := range clouds() {
		names = append(names, c.name)
	}
	return names
}

// Bounds of numbers that people set.
const (
	maxPage   = 200  // events a page: one answer stays below some megabytes
	maxWindow = 1800 // days in all that a calendar view may span; Graph's bound is five years
)

func options() []exchange.Option {
	return []exchange.Option{
		{Name: "tenant", Title: "Tenant", Required: true, Help: "The directory (tenant) ID of the organisation, or one of its domains.", Check: checkTenant},
		{Name: "client_id", Title: "Application ID", Required: true, Help: "Of the app registration in Microsoft Entra ID."},
		{Name: "client_secret", Title: "Client secret", Secret: true, Help: "Its value, not its ID. A certificate is better. Neither is needed with a sign-in."},
		{Name: "certificate", Title: "Certificate and key", Secret: true, Help: "In PEM form, the certificate and its private key one after the other; the certificate alone is uploaded to the app registration.",
			Check: func(v string) error { _, err := parseCertificate([]byte(v)); return err }},
		{Name: "mailbox", Title: "Mailbox", Help: "The user's principal name or object ID. With a sign-in: empty is the person's own.", Check: checkMailbox},
		{Name: "sign_in", Title: "Sign-in", Help: "Instead of a program's right to mailboxes: the name under which the person signed in, see bridge sign-in."},
		{Name: "areas", Title: "Areas", Help: "What is used of calendars, tasks, contacts, mail, with commas; permissions are asked for these alone. Empty: all that the application is permitted; with a sign-in calendars, tasks, contacts.", Check: checkAreas},
		{Name: "cloud", Title: "Cloud", Default: "global", Values: cloudNames(), Help: "Where the organisation's Microsoft 365 is run."},
		{Name: "login_url", Title: "Address of the login", Help: "Instead of the cloud's own.", Check: checkAddress},
		{Name: "graph_url", Title: "Address of Graph", Help: "Instead of the cloud's own.", Check: checkAddress},
		{Name: "concurrency", Title: "Requests at once", Default: "4", Help: "To this mailbox, 1 to 16. Microsoft allows four.", Check: between(1, 16)},
		{Name: "page_size", Title: "Page size", Default: "100", Help: "Items a page, 5 to 200.", Check: between(5, maxPage)},
		{Name: "days_back", Title: "Days back", Default: "365", Help: "How far back calendars are read where a link sets no start.", Check: between(0, maxWindow/2)},
		{Name: "days_ahead", Title: "Days ahead", Default: "730", Help: "How far ahead calendars are read where a link sets no end.", Check: between(1, maxWindow/2)},
		{Name: "poll_seconds", Title: "Seconds between looks", Default: "30", Help: "How often it is asked whether something has changed, 1 to 3600; one request for each calendar, list and folder.", Check: between(1, 3600)},
		{Name: "notify_url", Title: "Address for notifications", Help: "At which Microsoft tells of changes at once. Empty: this server's own, where server.notifications is on. Another one, such as https://bridge.example.org/notify/graph, where it is reached differently. off: none, changes are asked for.", Check: checkNotify},
		{Name: "answers", Title: "Answers to invitations", Default: "silent", Values: []string{"silent", "mail"}, Help: "What is answered on a device to a meeting of somebody else's: silent, it is noted in the mailbox; mail, its organiser is mailed, where the rules let mail pass."},
		{Name: "photos", Title: "Photos of contacts", Default: "yes", Values: []string{"yes", "no"}, Help: "Each costs a request of its own."},
	}
}

func between(low, high int) func(string) error {
	return func(v string) error {
		if n, err := strconv.Atoi(v); err != nil || n < low || n > high {
			return fmt.Errorf("must be a number from %d to %d", low, high)
		}
		return nil
	}
}

func checkAddress(v string) error { _, err := upstream.ParseBase(v); return err }

// noNotices is the setting for a link that is to ask for changes in any case.
const noNotices = "off"

func checkNotify(v string) error {
	if v == noNotices {
		return nil
	}
	u, err := url.Parse(v)
	if err == nil && u.Scheme == "http" && slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, u.Hostname()) {
		return nil // of this machine: a simulator reaches it, and Microsoft does not
	}
	if !strings.HasPrefix(v, "https://") {
		return errors.New("must begin with https://")
	}
	return checkAddress(v)
}

// checkTenant keeps out what would change the path of the token service.
func checkTenant(v string) error {
	if strings.ContainsFunc(v, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
	}) {
		return errors.New("must be an ID or a domain, such as example.org")
	}
	if v == "common" || v == "organizations" || v == "consumers" {
		return errors.New("must be the organisation's own; a program cannot log in to all of them")
	}
	return nil
}

func checkMailbox(v string) error {
	if strings.ContainsAny(v, "/\\?#% '\"\r\n\t") {
		return errors.New("must be a principal name such as ann@example.org, or an object ID")
	}
	return nil
}

// together checks what options mean only in combination.
func together(s exchange.Settings) error {
	switch {
	case s["sign_in"] != "":
		return proofs(s)
	case s["mailbox"] == "":
		return errors.New("mailbox is missing, or sign_in")
	case (s["client_secret"] == "") == (s["certificate"] == ""):
		return errors.New("either client_secret or certificate is needed, and not both")
	}
	return nil
}

// proofs checks what the program proves itself with when a person signs in: a public client has nothing.
func proofs(s exchange.Settings) error {
	if s["client_secret"] != "" && s["certificate"] != "" {
		return errors.New("client_secret or certificate, not both")
	}
	return nil
}

// areasOf are the parts of a mailbox that are used.
func areasOf(s exchange.Settings) []string {
	if s["areas"] == "" {
		all := []string{"calendars", "tasks", "contacts"}
		if s["mailbox"] != "" && s["sign_in"] == "" {
			all = append(all, "mail")
		}
		return all
	}
	return strings.FieldsFunc(s["areas"], func(r rune) bool { return r == ',' || r == ' ' })
}

func covers(areas []string, area string) bool { return slices.Contains(areas, area) }

func checkAreas(v string) error {
	for _, a := range areasOf(exchange.Settings{"areas": v}) {
		if !slices.ContainsFunc(permissions(), func(p permission) bool { return p.area == a }) {
			return fmt.Errorf("there is no %q; there are calendars, tasks, contacts, mail", a)
		}
	}
	return nil
}

// credential is what the program proves itself with: a secret or a key.
type credential struct {
	secret string
	key    crypto.Signer
	cert   []byte // DER
}

func credentialOf(s exchange.Settings) (credential, error) {
	if s["certificate"] == "" {
		return credential{secret: s["client_secret"]}, nil
	}
	return parseCertificate([]byte(s["certificate"]))
}
