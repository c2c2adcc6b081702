// Package sheet writes lists as CSV that is safe to open in a spreadsheet.
//
// What is written is RFC 4180: CRLF ends each record, cells with quotes, commas or line
// breaks are quoted, a quote is doubled; UTF-8, without a byte order mark unless one is
// asked for. One thing is added: a spreadsheet takes a cell that begins with one of
// = + - @ for a formula, and runs it, and what is in our lists was written by others. Such a
// cell gets an apostrophe in front, which spreadsheets show as "this is text". Commands
// and pages write their lists with this one encoder.
//
// What is not here: tables for terminals and JSON (cmd/bridge/output.go).
package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// ContentType is the media type of what a Writer writes (RFC 4180 3, RFC 7111).
const ContentType = "text/csv; charset=utf-8"

// Mark is the byte order mark. Excel takes a file without it for one in the machine's own
// 8-bit character set when it is opened by a double click; other programs take the mark
// for a part of the first heading. So pages that offer a file for Excel write it first,
// and commands do not.
const Mark = "\uFEFF"

// Writer writes records. It keeps the first error and writes nothing after it.
type Writer struct {
	csv *csv.Writer
	err error
}

// NewWriter writes to w. Flush ends it.
func NewWriter(w io.Writer) *Writer {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	return &Writer{csv: c}
}

// Row writes one record: a heading, or cells. The cells are not changed.
func (w *Writer) Row(cells ...string) error {
	if w.err != nil {
		return w.err
	}
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = Cell(c)
	}
	if err := w.csv.Write(safe); err != nil {
		w.err = fmt.Errorf("sheet: %w", err)
	}
	return w.err
}

// Flush writes what is left, and returns the first error there was.
func (w *Writer) Flush() error {
	w.csv.Flush()
	if err := w.csv.Error(); w.err == nil && err != nil {
		w.err = fmt.Errorf("sheet: %w", err)
	}
	return w.err
}

// Cell is what a spreadsheet shall read for a text: valid UTF-8, line breaks as "\n" (the
// writer makes CRLF of them), no other control characters but tabs, and never a formula.
func Cell(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return ' '
		}
		return r
	}, s)
	if formula(s) {
		return "'" + s
	}
	return s
}

// formula reports whether a spreadsheet might calculate a cell: some skip spaces and quotes at
// its begin, split at a tab or line break there, or take the wide forms of the signs for the same.
func formula(s string) bool {
	rest := strings.TrimLeftFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"'`+"`‘’“”", r)
	})
	if strings.ContainsAny(s[:len(s)-len(rest)], "\t\n") {
		return true
	}
	for _, sign := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠", "−", "|", "%"} {
		if strings.HasPrefix(rest, sign) {
			return true
		}
	}
	return false
}
