package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// telling are the packages whose texts pages show: why something was not done, what rules do, what options are for. Below them are others that are no less theirs.
var telling = strings.Fields("auth auth/openid crm crm/creatio crm/tryton exchange exchange/dav exchange/ews exchange/graph exchange/series manage pim pim/ics pim/likeness pim/line pim/rrule pim/vcf " +
	"relay relay/rule remote remote/several review secret upstream upstream/login")

// short are those in which two words are a text, too.
var short = strings.Fields("pim/likeness relay/rule")

// silent are files whose texts are for programs.
var silent = strings.Fields("crm/creatio/known.go crm/creatio/changes.go exchange/graph/allmail.go exchange/graph/events.go exchange/graph/marker.go exchange/graph/message.go exchange/ews/xml.go " +
	"exchange/dav/requests.go pim/canon.go upstream/address.go upstream/trace.go upstream/redact.go upstream/request.go upstream/dial.go upstream/redirect.go pim/attachment.go pim/error.go pim/vcf/value.go")

// odd are texts that only look like one.
var odd = regexp.MustCompile(`^[a-z-]+: [a-z :%]+$|^[^\pL]*(%[a-z][^\pL]*)*$|[<>\t]|^ | asc,|SELECT |DELETE |%s/Id |^--- |application/|text/|^offer of codes|^# Keys|^[A-Z]+( [A-Z]+)+$|^(the )?item(s)? (given|not|were)|^undo %d|^(could not|too many c)|standard time|\x00|^graph transaction|^tryton company|^series %s$|^photo of|^(is not|does not contain|begins with|is empty|is not empty|at least|at most)$|^(execution|would be|unique)|^value too long$`)

// pieces are what is put into texts, and of one word or in a place that is not looked at.
var pieces = []string{
	"event", "task", "contact", "message", "events", "tasks", "contacts", "messages", "%s and %s", "ago", "ahead", "no type", "the CRM", "the mail server", "here", "no type ", "no types ", "create", "change", "delete", "create or change", "change or delete", "application permission", "delegated permission",
	"company", "job", "department", "salutation", "country", "region", "city", "contact type", "role in decisions", "number", "text", "value", "any time %s",
}

// sources are the texts that the program tells people of, as formats of package fmt, sorted.
func sources(t *testing.T) []string {
	t.Helper()
	root := os.DirFS("../..")
	found := map[string]bool{}
	for _, dir := range telling {
		entries, err := fs.ReadDir(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
			if err != nil {
				t.Fatal(err)
			}
			spaces := 2
			if slices.Contains(short, dir) || slices.Contains(short, name) {
				spaces = 1
			}
			s := &reader{found: found, prose: !slices.Contains(silent, name), spaces: spaces, skip: map[ast.Node]bool{}}
			ast.Inspect(parsed, s.node)
		}
	}
	for _, piece := range pieces {
		found[piece] = true
	}
	var out []string
	for text := range found {
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// reader finds the texts of a file.
type reader struct {
	found  map[string]bool
	prose  bool // literals count that look like sentences
	spaces int  // what such a literal has, at least
	skip   map[ast.Node]bool
}

// take keeps a text that stands where texts for people do.
func (s *reader) take(text string) {
	if strings.TrimSpace(text) != "" && regexp.MustCompile(`\pL{2}`).MatchString(regexp.MustCompile(`%\[?\d*\]?[a-z]`).ReplaceAllString(text, "")) {
		s.found[text] = true
	}
}

func (s *reader) sentence(text string) {
	if s.prose && strings.Count(strings.TrimSpace(text), " ") >= s.spaces && !odd.MatchString(text) {
		s.take(text)
	}
}

func (s *reader) node(n ast.Node) bool {
	if n == nil || s.skip[n] {
		return false
	}
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.Field:
		if n.Tag != nil {
			s.skip[n.Tag] = true
		}
	case *ast.ValueSpec:
		if len(n.Names) == 1 && n.Names[0].Name == "op" {
			return false
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok {
			switch key.Name {
			case "Op":
				s.skip[n.Value] = true
			case "Public", "Title", "Help", "Says", "Note":
				if text, ok := literal(n.Value); ok {
					s.take(text)
				}
			}
		}
	case *ast.CallExpr:
		return s.call(n)
	case *ast.BinaryExpr:
		if text, ok := literal(n); ok && n.Op == token.ADD {
			s.sentence(text)
			return false
		}
	case *ast.BasicLit:
		if text, ok := literal(n); ok {
			s.sentence(text)
		}
	}
	return true
}

func (s *reader) call(n *ast.CallExpr) bool {
	name, of := "", ""
	switch to := n.Fun.(type) {
	case *ast.Ident:
		name = to.Name
	case *ast.SelectorExpr:
		name = to.Sel.Name
		if x, ok := to.X.(*ast.Ident); ok {
			of = x.Name
		}
	}
	switch {
	case of == "errors", of == "fmt" && name == "Errorf", of == "regexp", of == "strings" && name != "Join":
		return false // for the log, or for programs
	case slices.Contains([]string{"Debug", "Info", "Warn", "Error", "panic", "fail", "exec", "row", "MustCompile"}, name):
		return false
	case of == "pim" && name == "Errorf" && len(n.Args) > 2:
		s.skip[n.Args[0]] = true
		if text, ok := literal(n.Args[2]); ok {
			s.take(text)
		}
	case slices.Contains([]string{"Wrap", "Errorf", "wrong", "taken"}, name) && len(n.Args) > 0:
		s.skip[n.Args[0]] = true
	}
	return true
}

// literal is a text with %s for what is put between its parts; ok when some of it is written there.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			a, written := literal(e.X)
			b, too := literal(e.Y)
			return a + b, written || too
		}
	case *ast.ParenExpr:
		return literal(e.X)
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			return text, err == nil
		}
	}
	return "%s", false
}
