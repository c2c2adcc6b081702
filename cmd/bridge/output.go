package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"crmbridge/internal/config"
	"crmbridge/internal/sheet"
	"crmbridge/manage"
	"crmbridge/pim"
)

// printed is a listing: rows for JSON, cells for people and spreadsheets.
type printed[T any] struct {
	head  []string
	cells func(T) []string
}

// shared is a listing that pages have, too.
func shared[T any](t manage.Table[T]) printed[T] {
	return printed[T]{t.Head, func(row T) []string { return t.Cells(row, stamp) }}
}

// print writes rows as a table, as a JSON list with --json, or with --csv as the cells of the
// table in a file for spreadsheets.
func print[T any](p *program, rows []T, t printed[T]) error {
	if p.json {
		if rows == nil {
			rows = []T{}
		}
		return p.printJSON(rows)
	}
	if p.csv {
		return printCSV(p, rows, t)
	}
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, strings.Join(t.head, "\t")); err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := fmt.Fprintln(w, strings.Join(clean(t.cells(r)), "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

func printCSV[T any](p *program, rows []T, t printed[T]) error {
	w := sheet.NewWriter(p.out)
	_ = w.Row(t.head...) // Flush tells
	for _, r := range rows {
		_ = w.Row(t.cells(r)...)
	}
	return w.Flush()
}

// lister reports whether a command prints a list, which --csv is for. Others would have done
// what they do before it shows that they print none.
func lister(c *cobra.Command) bool {
	switch c.Name() {
	case "list", "status", "history", "drivers", "doctor":
		return true
	}
	switch strings.TrimPrefix(c.CommandPath(), "bridge ") {
	case "sync run", "sync jobs", "sync show", "sync preview", "conflict show", "link test":
		return true
	}
	return false
}

// format checks that the flags for what is printed suit the command.
func (p *program) format(c *cobra.Command, _ []string) error {
	switch {
	case p.csv && p.json:
		return pim.Errorf("output", pim.ErrInvalid, "give --csv or --json, not both")
	case p.csv && !lister(c):
		return pim.Errorf("output", pim.ErrInvalid, "%s prints no list; --csv is for lists", c.CommandPath())
	}
	return nil
}

// clean keeps what a CRM sent from steering the terminal.
func clean(cells []string) []string {
	for i, c := range cells {
		cells[i] = harmless(c, "")
	}
	return cells
}

// harmless is s without control characters but those in keep.
func harmless(s, keep string) string {
	return strings.Map(func(r rune) rune {
		if (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) && !strings.ContainsRune(keep, r) {
			return ' '
		}
		return r
	}, s)
}

func (p *program) printJSON(v any) error {
	e := json.NewEncoder(p.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// say prints words for people; with --csv nothing, as they would be rows of the file.
func (p *program) say(format string, args ...any) error {
	if p.csv {
		return nil
	}
	_, err := fmt.Fprintln(p.out, harmless(fmt.Sprintf(format, args...), "\n\t"))
	return err
}

func (p *program) logger(c config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: withoutNil}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(p.err, o))
	}
	return slog.New(slog.NewTextHandler(p.err, o))
}

// withoutNil drops err where there is none.
func withoutNil(_ []string, a slog.Attr) slog.Attr {
	if a.Key == "err" && a.Value.Kind() == slog.KindAny && a.Value.Any() == nil {
		return slog.Attr{}
	}
	return a
}

// stamp is a time for people, "" when there is none.
func stamp(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}
