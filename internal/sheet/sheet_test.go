package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func write(t testing.TB, rows ...[]string) string {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, r := range rows {
		if err := w.Row(r...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRecords(t *testing.T) {
	t.Parallel()
	got := write(t, []string{"ID", "TITLE"}, []string{"1", `say "no", twice`}, []string{"2", "two\r\nlines\rthree"}, []string{"3", "Grüße 🙂"}, []string{"", ""})
	want := "ID,TITLE\r\n1,\"say \"\"no\"\", twice\"\r\n2,\"two\r\nlines\r\nthree\"\r\n3,Grüße 🙂\r\n,\r\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNoFormulas(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", `"=1`, `' =1`, "\u200b=1", "\ufeff=1", "＝1", "\x00=1", "=cmd|' /C calc'!A0", "\tx"} {
		if got := Cell(s); !strings.HasPrefix(got, "'") {
			t.Errorf("%q became %q", s, got)
		}
	}
	for _, s := range []string{"", "a=b", "1-2", "ann@example.org", `"quoted"`, "'tis", " text", "2030-01-02 10:00:00", "#CODE#"} {
		if got := Cell(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestFirstErrorStays(t *testing.T) {
	t.Parallel()
	w := NewWriter(broken{})
	big := strings.Repeat("x", 1<<16)
	_ = w.Row(big)
	_ = w.Row(big)
	if err := w.Flush(); err == nil || !strings.HasPrefix(err.Error(), "sheet: ") {
		t.Errorf("%v", err)
	}
	if err := w.Row("a"); err == nil {
		t.Error("a row after an error")
	}
}

func FuzzCell(f *testing.F) {
	for _, s := range []string{"=1", " \"-2", "a\r\nb", "\xff\x00", "＝", "\t", "\"", "'", "a,b\r"} {
		f.Add(s, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		out := write(t, []string{a, b, "end"})
		if !utf8.ValidString(out) || !strings.HasSuffix(out, "end\r\n") || strings.Contains(strings.ReplaceAll(out, "\r\n", ""), "\n") || strings.Contains(strings.ReplaceAll(out, "\r\n", ""), "\r") {
			t.Fatalf("%q", out)
		}
		rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(rows) != 1 || len(rows[0]) != 3 {
			t.Fatalf("%q: %v %v", out, rows, err)
		}
		for i, s := range []string{a, b} {
			cell := rows[0][i]
			if cell != Cell(s) {
				t.Fatalf("%q was read back as %q", Cell(s), cell)
			}
			first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " \"\u00a0"))
			if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) && cell != "" && first != utf8.RuneError {
				t.Fatalf("%q became %q, a formula", s, cell)
			}
		}
	})
}
