package creatio

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// translateError says what an answer that is no success means. write tells whether
// something was to be changed: a 500 is then most often a rule of the site that
// says no, in words that people should see.
func translateError(op string, resp *upstream.Response, write bool) error {
	text := message(resp)
	e := upstream.Fault(op, resp)
	if text != "" {
		e.Err = &refusal{resp.Status, text}
	}
	lower := strings.ToLower(text)
	switch {
	case resp.OK():
		e.Kind, e.Public = pim.ErrProtocol, "Creatio answered with a web page instead of data"
	case resp.Status == http.StatusUnauthorized:
		e.Public = "Creatio does not accept the login any more"
	case resp.Status == http.StatusForbidden:
		e.Public = "Creatio does not allow this to the connected user" + because(text)
	case resp.Status == http.StatusBadRequest && !write:
		e.Kind, e.Public = pim.ErrProtocol, "Creatio did not understand the request"+because(text)
	case resp.Status == http.StatusBadRequest:
		e.Kind, e.Public = pim.ErrRefused, "Creatio refused the change"+because(text)
	case resp.Status != http.StatusInternalServerError || text == "":
	case taken(lower):
		e.Kind, e.Public = pim.ErrExists, "Creatio has this record already"
	case contains(lower, "deadlock", "timeout expired", "execution timeout"):
		e.Kind, e.Public = pim.ErrUnavailable, "Creatio's database is busy"
	case contains(lower, "would be truncated", "value too long"):
		e.Kind, e.Public = pim.ErrRefused, "a text is longer than Creatio can keep"
	case contains(lower, "reference constraint", "foreign key"):
		e.Kind, e.Public = pim.ErrRefused, "other records in Creatio depend on this one, or a value that it names is gone"
	case !write:
		e.Kind, e.Public = pim.ErrProtocol, "Creatio failed to answer"+because(text)
	default:
		e.Kind, e.Public = pim.ErrRefused, "Creatio refused the change"+because(text)
	}
	return e
}

// refusal is the vendor's text, for the log.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string {
	return http.StatusText(r.status) + ": " + r.text
}

// taken recognises the database's word for an id that is in use.
func taken(lower string) bool {
	return contains(lower, "duplicate key", "primary key", "unique constraint")
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// message is the text of an error body in either of its forms, "" when there is
// none.
func message(resp *upstream.Response) string {
	if resp.HTML() {
		return ""
	}
	var body struct {
		Error struct {
			Message    string `json:"message"`
			InnerError struct {
				Message string `json:"message"`
			} `json:"innererror"`
		} `json:"error"`
		Message string `json:"Message"`
	}
	if err := resp.JSON("creatio", &body); err != nil {
		return ""
	}
	for _, s := range []string{body.Error.InnerError.Message, body.Error.Message, body.Message} {
		if s != "" {
			return s
		}
	}
	return ""
}

// internal marks texts that are for programmers and may name tables and types.
var internal = regexp.MustCompile(`dbo\.|\b(SQL|Terrasoft|System|Microsoft)\.|   at |constraint|stack ?trace|[A-Z]:\\`)

// because is ": " and a text of the site, as far as it is for people.
func because(text string) string {
	if text == "" || internal.MatchString(text) {
		return ""
	}
	return ": " + printable(text, 300)
}

// printable is at most n characters of s without control characters.
func printable(s string, n int) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)), " ")
	if rs := []rune(s); len(rs) > n {
		return string(rs[:n]) + "…"
	}
	return s
}

// spoken reports an answer that is the application's own word: JSON, not a page of
// the web server. Such a 500 stays one however often it is asked.
func spoken(resp *upstream.Response) bool {
	return !resp.HTML() && json.Valid(resp.Body)
}
