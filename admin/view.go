package admin

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"crmbridge/admin/words"
)

//go:embed templates/*.html
var templateFiles embed.FS

// views are the templates of all pages in all languages.
type views struct {
	byLanguage map[string]map[string]*template.Template
}

// parts are the templates that belong to every page.
var parts = []string{"templates/frame.html", "templates/parts.html"}

func openViews(book *words.Book, a *assets) (*views, error) {
	v := &views{byLanguage: map[string]map[string]*template.Template{}}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	for _, l := range words.Languages() {
		p := book.For(l.Code, "")
		frame, err := template.New("frame.html").Funcs(funcs(p, a)).ParseFS(templateFiles, parts...)
		if err != nil {
			return nil, fmt.Errorf("admin: %w", err)
		}
		pages := map[string]*template.Template{}
		for _, file := range files {
			name := strings.TrimSuffix(path.Base(file), ".html")
			if file == parts[0] || file == parts[1] {
				continue
			}
			t, err := frame.Clone()
			if err == nil {
				t, err = t.ParseFS(templateFiles, file)
			}
			if err != nil {
				return nil, fmt.Errorf("admin: page %s: %w", name, err)
			}
			pages[name] = t
		}
		v.byLanguage[l.Code] = pages
	}
	return v, nil
}

// funcs are what templates may call beside the methods of a view.
func funcs(p *words.Printer, a *assets) template.FuncMap {
	return template.FuncMap{
		"say": p.Say, "count": p.Count,
		"word": func(family string, w any) string { return p.Word(family, fmt.Sprint(w)) }, "number": p.Number, "reason": p.Reason, "asset": a.address,
		"languages": words.Languages, "language": p.Code,
	}
}

// render writes a page, or the part of one with that name: "page#part".
func (v *views) render(w io.Writer, language, name string, data view) error {
	name, part, _ := strings.Cut(name, "#")
	t, ok := v.byLanguage[language][name]
	if !ok {
		return fmt.Errorf("admin: there is no page %q", name)
	}
	if part == "" {
		part = parts[0][len("templates/"):]
	}
	return t.ExecuteTemplate(w, part, data)
}

// view is what a template sees.
type view struct {
	call    *call
	Data    any
	Notices []notice
}

// Token is that of forms.
func (v view) Token() string { return v.call.token() }

// User is the login of who asks, "" for nobody.
func (v view) User() string { return v.call.user.Name }

// Admin reports whether an administrator asks.
func (v view) Admin() bool { return v.call.user.Admin }

// Path is that of the page.
func (v view) Path() string { return v.call.r.URL.Path }

// Version is that of the program.
func (v view) Version() string { return v.call.Version }

// At reports whether the page is at a path or below it, for the menu.
func (v view) At(path string) bool {
	return v.call.r.URL.Path == path || strings.HasPrefix(v.call.r.URL.Path, path+"/")
}

// Time is a moment where the person is.
func (v view) Time(t any) string { return v.when(t, v.call.Printer.Time) }

// Day is the day of a moment where the person is.
func (v view) Day(t any) string { return v.when(t, v.call.Printer.Date) }

// ISO is a moment for programs, as in the datetime of HTML.
func (v view) ISO(t any) string {
	return v.when(t, func(t time.Time) string { return t.UTC().Format(time.RFC3339) })
}

// when shows a time.Time or a *time.Time; what has not been is "".
func (v view) when(t any, show func(time.Time) string) string {
	at, ok := t.(time.Time)
	if p, is := t.(*time.Time); is && p != nil {
		at, ok = *p, true
	}
	if !ok || at.IsZero() {
		return ""
	}
	return show(at.In(v.call.zone))
}
