package davxml

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/golden"
)

// TestGolden reads what clients send (testdata/<client>-<what>.xml) and compares the typed view. Files named after
// an RFC hold the requests of its examples.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, file := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".xml"), func(t *testing.T) {
			t.Parallel()
			kind, view, err := parseAny(readFile(t, file), Limits{})
			if err != nil {
				view = err.Error()
				kind = "error"
			}
			got := marshalView(t, kind, view)
			golden.Compare(t, strings.TrimSuffix(file, ".xml")+".json", got)
		})
	}
}

// TestGoldenPrintedAgain prints each tree and reads it again: a body means the same in our own spelling.
func TestGoldenPrintedAgain(t *testing.T) {
	t.Parallel()
	for _, file := range goldenFiles(t) {
		body := readFile(t, file)
		kind, view, err := parseAny(body, Limits{})
		if err != nil {
			continue
		}
		tree, err := Parse(bytes.NewReader(body), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		printed := AppendStandalone(nil, tree)
		kind2, view2, err := parseAny(printed, Limits{})
		if err != nil {
			t.Errorf("%s: %v\n%s", file, err, printed)
			continue
		}
		if kind != kind2 || !reflect.DeepEqual(view, view2) {
			t.Errorf("%s: the view changed:\n%s", file, printed)
		}
	}
}

func goldenFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	return files
}

// parseAny reads a body as the method that its root element belongs to.
func parseAny(body []byte, lim Limits) (kind string, view any, err error) {
	root, err := Parse(bytes.NewReader(body), lim)
	if err != nil {
		return "", nil, err
	}
	r := bytes.NewReader(body)
	switch root.Name {
	case D("propfind"):
		view, err = ParsePropFind(r, lim)
		return "PROPFIND", view, err
	case D("propertyupdate"):
		view, err = ParsePropertyUpdate(r, lim)
		return "PROPPATCH", view, err
	case D("mkcol"):
		view, err = ParseMkCol(r, lim)
		return "MKCOL", view, err
	case C("mkcalendar"):
		view, err = ParseMkCalendar(r, lim)
		return "MKCALENDAR", view, err
	}
	view, err = ParseReport(r, lim)
	return "REPORT", view, err
}

func marshalView(t *testing.T, kind string, view any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	out := map[string]any{"method": kind, "view": plainView(reflect.ValueOf(view))}
	if r, ok := view.(Report); ok {
		out["report"] = nameString(r.Root())
	}
	if err := enc.Encode(out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plainView makes a value short to read: names with their fixed prefix, times as text, nothing for zero fields.
func plainView(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case xml.Name:
		return nameString(x)
	case xml.Attr:
		return nameString(x.Name) + "=" + x.Value
	case time.Time:
		return x.Format(time.RFC3339)
	}
	switch v.Kind() {
	case reflect.Pointer:
		return plainView(v.Elem())
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plainView(v.Index(i))
		}
		return list
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				fields[v.Type().Field(i).Name] = plainView(f)
			}
		}
		return fields
	}
	return v.Interface()
}

func nameString(n xml.Name) string {
	if p := fixedPrefix(n.Space); p != "" {
		return p + ":" + n.Local
	}
	return fmt.Sprintf("{%s}%s", n.Space, n.Local)
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
