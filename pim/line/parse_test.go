package line_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

func parse(t *testing.T, s string) *line.Text {
	t.Helper()
	text, err := line.Parse([]byte(s), line.DefaultLimits())
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return text
}

// one reads a text of one line inside a block.
func one(t *testing.T, content string) *line.Line {
	t.Helper()
	all := parse(t, "BEGIN:X\r\n"+content+"\r\nEND:X\r\n").Blocks()[0].All("")
	if len(all) != 1 {
		t.Fatalf("%q: %d lines", content, len(all))
	}
	return all[0]
}

func TestLines(t *testing.T) {
	t.Parallel()
	type param struct {
		name   string
		values []string
	}
	for _, c := range []struct {
		text, group, name, value string
		params                   []param
	}{
		{"SUMMARY:a:b;c", "", "SUMMARY", "a:b;c", nil},
		{"summary:", "", "SUMMARY", "", nil},
		{"item1.TEL;type=CELL;type=pref:+1", "item1", "TEL", "+1", []param{{"TYPE", []string{"CELL"}}, {"TYPE", []string{"pref"}}}},
		{"TEL;HOME;VOICE:1", "", "TEL", "1", []param{{"", []string{"HOME"}}, {"", []string{"VOICE"}}}},
		{`A;CN="x:y;z,w":v`, "", "A", "v", []param{{"CN", []string{"x:y;z,w"}}}},
		{`A;M="a","b",c:v`, "", "A", "v", []param{{"M", []string{"a", "b", "c"}}}},
		// RFC 6868 3.1, its two examples.
		{`ATTENDEE;CN=George Herman ^'Babe^' Ruth:mailto:babe@example.org`, "", "ATTENDEE", "mailto:babe@example.org",
			[]param{{"CN", []string{`George Herman "Babe" Ruth`}}}},
		{`GEO;X-ADDRESS="Pittsburgh Pirates^n115 Federal St^nPittsburgh, PA 15212":geo:40.446816,-80.00566`, "", "GEO", "geo:40.446816,-80.00566",
			[]param{{"X-ADDRESS", []string{"Pittsburgh Pirates\n115 Federal St\nPittsburgh, PA 15212"}}}},
		{"A;X=^^n^x^:v", "", "A", "v", []param{{"X", []string{"^n^x^"}}}},
		{`A;X="a"b:v`, "", "A", "v", []param{{"X", []string{"ab"}}}},
		{"A;:v", "", "A", "v", []param{{"", nil}}},
		{"A;TZID=:v", "", "A", "v", []param{{"TZID", []string{""}}}},
		{"A;tzid = x:v", "", "A", "v", []param{{"TZID", []string{" x"}}}},
		{"X_Y/Z:v", "", "X_Y/Z", "v", nil},
	} {
		l := one(t, c.text)
		var params []param
		for _, p := range l.Params {
			params = append(params, param{p.Name, p.Values})
		}
		if l.Group != c.group || l.Name != c.name || l.Value != c.value || !reflect.DeepEqual(params, c.params) {
			t.Errorf("%q: got %q %q %q %q", c.text, l.Group, l.Name, l.Value, params)
		}
	}
}

func TestUnfolding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, value string }{
		{"N:ab\r\n c", "abc"},
		{"N:ab\n\tc", "abc"},
		{"N:ab\r\n  c", "ab c"},
		{"N:ab\r\r\n c", "abc"},
		{"N:\r\n a\r\n b", "ab"},
		{"N:\xc3\r\n \xa4", "ä"},                               // folded inside a character
		{"N:ab\r\n \r\n c", "abc"},                             // an empty continuation
		{"N;\r\n X=1:a", "a"},                                  // folded inside the parameters
		{"N;ENCODING=QUOTED-PRINTABLE:a=\r\nb=\r\nc", "abc"},   // soft breaks of vCard 2.1
		{"N;QUOTED-PRINTABLE:a=3D=\r\nb", "a=3Db"},             // the bare spelling
		{"N;X=1:a=", "a="},                                     // no quoted-printable
		{"N:a\rb", "a\rb"},                                     // a lone CR ends no line where LF does
		{"N;ENCODING=QUOTED-PRINTABLE:a=\r\n", "a"},            // breaks off
		{"N;ENCODING=QUOTED-PRINTABLE:a=\r\nb:c=\r\n", "ab:c"}, // the next line looks like one
	} {
		text := "BEGIN:X\r\n" + c.text + "\r\nEND:X\r\n"
		if strings.HasSuffix(c.text, "=\r\n") {
			text = "BEGIN:X\r\n" + c.text + "\r\nEND:X\r\n"
		}
		got := parse(t, text).Blocks()[0].First("N")
		if got == nil || got.Value != c.value {
			t.Errorf("%q: got %+v, want %q", c.text, got, c.value)
		}
	}
}

func TestLineEndsComeBack(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"BEGIN:X\r\nA:1\r\nEND:X\r\n",
		"BEGIN:X\nA:1\nEND:X\n",
		"BEGIN:X\rA:1\rEND:X\r",
		"BEGIN:X\r\nA:1\nB:2\r\nEND:X",
		"\ufeffBEGIN:X\r\nA:1\r\nEND:X\r\n",
		"\r\n\r\nBEGIN:X\r\n\r\n\nA:1\r\n \t \r\nEND:X\r\n\r\n\r\n",
		"BEGIN:X\r\r\nA:1\r\r\nEND:X\r\r\n",
		"begin:x\r\nA:1\r\nEnd: X \r\n",
		"BEGIN:X\r\nA:1\r\nEND:X\r\n  ",
		"",
		"\r\n",
	} {
		if got := string(parse(t, s).Bytes()); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	small := line.Limits{Bytes: 2000, LineBytes: 100, Properties: 8, Depth: 2, Params: 3}
	for _, c := range []struct {
		text string
		kind pim.Reason
		line string
	}{
		{"BEGIN:X\nSECRET\nEND:X\n", pim.ErrInvalid, "line 2:"},
		{"BEGIN:X\nX;SECRET=b\nEND:X\n", pim.ErrInvalid, "line 2:"}, // go-ical panics on it
		{"BEGIN:X\n:SECRET\nEND:X\n", pim.ErrInvalid, "line 2:"},
		{"BEGIN:X\nSEC RET:x\nEND:X\n", pim.ErrInvalid, "line 2:"},
		{"BEGIN:X\n SECRET\nEND:X\n", pim.ErrInvalid, "line 3:"},
		{" SECRET\nBEGIN:X\nEND:X\n", pim.ErrInvalid, "line 1:"},
		{"BEGIN:X\nA;SECRET=\"x:y\nEND:X\n", pim.ErrInvalid, "line 2:"},
		{"BEGIN:X\nA;\"SECRET\"=x:y\nEND:X\n", pim.ErrInvalid, "line 2:"},
		{"BEGIN:X\nB\x00:x\nEND:X\n", pim.ErrInvalid, "line 2:"},
		{"BEGIN:X\nA:1\n", pim.ErrInvalid, "line 1:"},
		{"END:X\n", pim.ErrInvalid, "line 1:"},
		{"BEGIN:X\nA:1\nEND:SECRET\n", pim.ErrInvalid, "line 3:"},
		{"BEGIN:\nEND:\n", pim.ErrInvalid, "line 1:"},
		{"BEGIN:X\nBEGIN:X\nBEGIN:X\nEND:X\nEND:X\nEND:X\n", pim.ErrTooLarge, "line 3:"},
		{"BEGIN:X\n" + strings.Repeat("A:1\n", 8) + "END:X\n", pim.ErrTooLarge, "line 9:"},
		{"BEGIN:X\nA;X=1;X=2,3;X=4:1\nEND:X\n", pim.ErrTooLarge, "line 2:"},
		{"BEGIN:X\nA:" + strings.Repeat("SECRET", 20) + "\nEND:X\n", pim.ErrTooLarge, "line 2:"},
		{"BEGIN:X\nA:" + strings.Repeat("SECRET\n ", 400) + "\nEND:X\n", pim.ErrTooLarge, ""},
	} {
		_, err := line.Parse([]byte(c.text), small)
		var e *pim.Error
		if !errors.As(err, &e) || e.Kind != c.kind || !strings.HasPrefix(e.Public, c.line) || e.Public == "" {
			t.Errorf("%.60q: got %v", c.text, err)
			continue
		}
		if strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "SEC RET") {
			t.Errorf("%.60q: the error gives the line away: %v", c.text, err)
		}
	}
}

// A mebibyte of what is worst for parsers takes milliseconds: no work grows faster than the
// text. go-ical needs 36 s for the second of these.
func TestLinearTime(t *testing.T) {
	const n = 400_000
	repeat := func(s string) string { return strings.Repeat(s, n/len(s)) }
	for name, s := range map[string]string{
		"one quoted parameter":    `BEGIN:X` + "\nA;P=\"" + repeat("x") + "\":v\nEND:X\n",
		"many quoted parameters":  "BEGIN:X\nA" + repeat(`;PARAM="a:b;c"`) + ":v\nEND:X\n",
		"a list of quoted values": "BEGIN:X\nA;P=1" + repeat(`,"a,b"`) + ":v\nEND:X\n",
		"an open quote":           "BEGIN:X\nA" + repeat(`;P="x"`) + ";P=\"" + ":v\nEND:X\n",
		"escapes":                 "BEGIN:X\nA;P=" + repeat("^n^'^^") + ":" + repeat(`\,`) + "\nEND:X\n",
		"folds":                   "BEGIN:X\nA:" + repeat("x\n ") + "\nEND:X\n",
		"blank lines":             "BEGIN:X\n" + repeat("\n") + "A:1\nEND:X\n",
		"blanks":                  "BEGIN:X\nA:1\n" + repeat(" ") + "\nEND:X\n",
		"soft breaks":             "BEGIN:X\nA;ENCODING=QUOTED-PRINTABLE:" + repeat("=\n") + "\nEND:X\n",
		"soft breaks, long head":  "BEGIN:X\nA;QUOTED-PRINTABLE=" + repeat("x") + ":" + repeat("=\n") + "\nEND:X\n",
		"lone CR":                 "BEGIN:X\rA:" + repeat("\r ") + "\rEND:X\r",
		"CR before LF":            "BEGIN:X\nA:1" + repeat("\r") + "\nEND:X\n",
		"groups":                  "BEGIN:X\n" + repeat("a.") + "A:1\nEND:X\n",
	} {
		for what, c := range map[string]struct {
			lim  line.Limits
			most time.Duration
		}{
			"limited":   {line.DefaultLimits(), 20 * time.Millisecond},
			"unlimited": {line.Limits{}, 200 * time.Millisecond},
		} {
			best := time.Hour
			// The machine may be busy with other things: the best of some tries counts.
			for i := 0; i < 20 && best > c.most*slowdown; i++ {
				start := time.Now()
				text, err := line.Parse([]byte(s), c.lim)
				best = min(best, time.Since(start))
				if err == nil && string(text.Bytes()) != s {
					t.Errorf("%s: came back different", name)
				}
			}
			if best > c.most*slowdown {
				t.Errorf("%s, %s: %d bytes took %v", name, what, len(s), best)
			}
		}
	}
}
