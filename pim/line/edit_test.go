package line_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"crmbridge/pim/line"
)

// odd is a text in which nothing is written as we would write it.
const odd = "\ufeffbegin:x\n\na;z=1;tzid=\"E/B\" :one\n  two\nITEM1.b:2\r\nbegin:y\nC:3\nend:Y\nd:4\nEND:X"

func TestEditsLeaveTheRestAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*line.Block)
		want string
	}{
		{"value", func(b *line.Block) {
			a := b.First("A")
			b.Replace(a, a.WithValue("new"))
		}, strings.Replace(odd, "one\n  two", "new", 1)},
		{"add", func(b *line.Block) { b.Add(line.New("E", "5")) }, strings.Replace(odd, "begin:y", "E:5\nbegin:y", 1)},
		{"add after", func(b *line.Block) { b.AddAfter(b.First("D"), line.New("E", "5")) }, strings.Replace(odd, "d:4\n", "d:4\nE:5\n", 1)},
		{"add after nothing", func(b *line.Block) { b.AddAfter(nil, line.New("E", "5")) }, strings.Replace(odd, "begin:y", "E:5\nbegin:y", 1)},
		{"remove", func(b *line.Block) { b.Remove("B") }, strings.Replace(odd, "ITEM1.b:2\r\n", "", 1)},
		{"remove a block", func(b *line.Block) { b.RemoveBlock(b.Blocks("Y")[0]) }, strings.Replace(odd, "begin:y\nC:3\nend:Y\n", "", 1)},
		{"a block ahead", func(b *line.Block) { b.AddBlockAhead(line.NewBlock("Z", line.New("F", "6"))) },
			strings.Replace(odd, "begin:y", "BEGIN:Z\nF:6\nEND:Z\nbegin:y", 1)},
		{"a block behind", func(b *line.Block) { b.AddBlock(line.NewBlock("Z")) }, strings.Replace(odd, "END:X", "BEGIN:Z\nEND:Z\nEND:X", 1)},
		{"parameter", func(b *line.Block) {
			a := b.First("A")
			b.Replace(a, a.WithParam(line.P("TZID", "X,Y")))
		}, strings.Replace(odd, "tzid=\"E/B\" :one\n  two", "TZID=\"X,Y\":one two", 1)},
		{"no parameter", func(b *line.Block) {
			a := b.First("A")
			b.Replace(a, a.WithoutParam("Z"))
		}, strings.Replace(odd, "z=1;tzid=\"E/B\" :one\n  two", "tzid=\"E/B\" :one two", 1)},
		{"name", func(b *line.Block) { b.Replace(b.First("B"), b.First("B").WithName("C")) }, strings.Replace(odd, "ITEM1.b:2\r\n", "ITEM1.C:2\n", 1)},
		{"group", func(b *line.Block) { b.Replace(b.First("B"), b.First("B").WithGroup("")) }, strings.Replace(odd, "ITEM1.b:2\r\n", "B:2\n", 1)},
		{"set", func(b *line.Block) { b.Set(line.New("D", "5")) }, strings.Replace(odd, "d:4", "D:5", 1)},
		{"set what is not there", func(b *line.Block) { b.Set(line.New("E", "5")) }, strings.Replace(odd, "begin:y", "E:5\nbegin:y", 1)},
	} {
		text := parse(t, odd)
		copied := text.Clone()
		c.edit(copied.Blocks()[0])
		if got := string(copied.Bytes()); got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, c.want)
		}
		if string(text.Bytes()) != odd {
			t.Errorf("%s: the original changed too", c.name)
		}
	}
}

func TestLinesBehindTheLastOne(t *testing.T) {
	t.Parallel()
	text := parse(t, "BEGIN:X\r\nEND:X")
	text.Parts = append(text.Parts, line.Part{Line: line.New("A", "1")})
	if got := string(text.Bytes()); got != "BEGIN:X\r\nEND:X\r\nA:1\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestFreshTakesTheOtherTextsLineEnds(t *testing.T) {
	t.Parallel()
	from := parse(t, "BEGIN:Y\r\nA:1\r\n\r\nBEGIN:Z\r\nB:\r\n 2\r\nEND:Z\r\nEND:Y\r\n").Blocks()[0]
	into := parse(t, "BEGIN:X\nEND:X\n")
	into.Blocks()[0].AddBlock(from.Fresh())
	if got := string(into.Bytes()); got != "BEGIN:X\nBEGIN:Y\nA:1\nBEGIN:Z\nB:2\nEND:Z\nEND:Y\nEND:X\n" {
		t.Errorf("got %q", got)
	}
}

func TestFolding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		eol := rapid.SampledFrom([]string{"\r\n", "\n", "\r"}).Draw(t, "eol")
		text, err := line.Parse([]byte("BEGIN:X"+eol+"END:X"+eol), line.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		value := rapid.StringOfN(rapid.RuneFrom([]rune("aä€😀 ,;:\\")), 0, 300, -1).Draw(t, "value")
		text.Blocks()[0].Add(line.New("SUMMARY", value))
		b := text.Bytes()
		for l := range strings.SplitSeq(strings.TrimSuffix(string(b), eol), eol) {
			if len(l) > 75 || !utf8.ValidString(l) {
				t.Fatalf("%q: %d octets or a broken character", l, len(l))
			}
		}
		again, err := line.Parse(b, line.DefaultLimits())
		if err != nil || again.Blocks()[0].Value("SUMMARY") != value {
			t.Fatalf("%q does not come back: %v", value, err)
		}
	})
}

// New lines can hold anything without becoming two lines.
func TestNewLinesCannotBreakOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		evil := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\r\n\x00\x1f\u2028\ufffe:;\",^=\\")))).Draw(t, "evil")
		b := line.NewBlock("X", line.New("A", evil, line.P("P", evil)), line.New("B", line.Escape(evil)))
		text, err := line.Parse(b.Bytes(), line.DefaultLimits())
		if err != nil {
			t.Fatalf("%q: %v", evil, err)
		}
		lines := text.Blocks()[0].All("")
		if len(lines) != 2 || lines[0].Name != "A" || lines[1].Name != "B" {
			t.Fatalf("%q made %d lines", evil, len(lines))
		}
		for _, l := range lines {
			if !l.Carriable() {
				t.Fatalf("%q made a line that XML cannot carry", evil)
			}
		}
		clean := strings.ReplaceAll(strings.ReplaceAll(evil, "\r\n", "\n"), "\r", "\n")
		if line.Carriable(evil) && lines[1].Text() != clean {
			t.Fatalf("%q came back as %q", clean, lines[1].Text())
		}
		if line.Carriable(evil) && lines[0].Param("P") != clean {
			t.Fatalf("parameter %q came back as %q", clean, lines[0].Param("P"))
		}
	})
}

func TestLists(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.StringMatching(`[a-z,;\\\n"]*[a-z]`)).Draw(t, "texts")
		got := line.Texts(line.JoinTexts(texts))
		if len(got) != len(texts) {
			t.Fatalf("%q became %q", texts, got)
		}
		for i := range texts {
			if strings.TrimSpace(texts[i]) != got[i] {
				t.Fatalf("%q became %q", texts, got)
			}
		}
	})
	for in, want := range map[string]string{
		`a\nb\Nc`:           "a\nb\nc",
		`C:\temp\x`:         `C:\temp\x`,
		`http\://x`:         "http://x",
		`\"q\" \, \; \\n \`: `"q" , ; \n \`,
	} {
		if got := line.Unescape(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := line.Split(`a;b\;c;;`, ';'); !slicesEqual(got, []string{"a", `b\;c`, "", ""}) {
		t.Errorf("got %q", got)
	}
}

func slicesEqual(a, b []string) bool { return strings.Join(a, "\x00") == strings.Join(b, "\x00") }

// anything writes texts that are nearly content lines.
func anything(t *rapid.T) []byte {
	piece := rapid.SampledFrom([]string{
		"BEGIN:X", "END:X", "BEGIN:VEVENT", "END:VEVENT", "A:1", "item1.B;X=1:2", `C;P="a:b";TYPE=x,y:v`, "\r\n", "\n", "\r", "\r\n ", "\n\t", " ",
		"ä", "=", "N;ENCODING=QUOTED-PRINTABLE:a=", "\ufeff", ":", ";", "\"", "^", "\\", "x",
	})
	return []byte(strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(t, "pieces"), ""))
}

func TestWhatIsReadComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := anything(t)
		text, err := line.Parse(b, line.DefaultLimits())
		if err != nil {
			return
		}
		if got := text.Bytes(); !bytes.Equal(got, b) {
			t.Fatalf("%q came back as %q", b, got)
		}
		if got := text.Clone().Bytes(); !bytes.Equal(got, b) {
			t.Fatalf("%q came back from a copy as %q", b, got)
		}
	})
}
