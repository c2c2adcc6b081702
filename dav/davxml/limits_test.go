package davxml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"crmbridge/internal/testenv"
)

const open = `<propfind xmlns="DAV:">`

// attack is a body made to cost more than it should.
type attack struct {
	name string
	body string
	want error
	// read is how many bytes may be taken before the body is refused; 0 for all.
	read int
}

func attacks() []attack {
	many := func(s string, size int) string { return strings.Repeat(s, size/len(s)) }
	const mb10 = 10 << 20
	var laughs, attrs, spaces, declared, props strings.Builder
	laughs.WriteString(`<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">`)
	for i := range 20 {
		fmt.Fprintf(&laughs, `<!ENTITY lol%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&lol%d;", i), 10))
	}
	laughs.WriteString(`]>` + open + `<prop><a>&lol20;</a></prop></propfind>`)
	for i := range 100_000 {
		fmt.Fprintf(&attrs, ` a%06d=""`, i)
		if i < 45_000 {
			fmt.Fprintf(&spaces, `<n xmlns="urn:%06d"/>`, i)
			fmt.Fprintf(&declared, `<n:n xmlns:n="urn:%06d">`, i)
			fmt.Fprintf(&props, `<p%06d/>`, i)
		}
	}
	var crowded strings.Builder // as many attributes as may stand on an element, on as many elements as may be
	for range 50_000 / 60 {
		crowded.WriteString("<n")
		for j := range 60 {
			fmt.Fprintf(&crowded, ` a%02d=""`, j)
		}
		crowded.WriteString("/>")
	}
	filter := func(s string) string { return query(`<C:filter>` + s + `</C:filter>`) }
	return []attack{
		{"billion laughs", laughs.String(), ErrMalformed, 0},
		{"external entity", `<!DOCTYPE a SYSTEM "file:///etc/passwd">` + open + `<prop/></propfind>`, ErrMalformed, 0},
		{"endless doctype", `<!DOCTYPE a [` + many(`<!ENTITY a "b">`, mb10), ErrTooLarge, 1<<20 + 8192},
		{"nesting", many(`<a>`, mb10), ErrTooLarge, 8192},
		{"nesting with attributes", many(`<a b="c">`, mb10), ErrTooLarge, 8192},
		{"nested filters", filter(many(`<C:comp-filter name="X-A">`, mb10)), ErrTooLarge, 8192},
		{"attributes", open + `<a` + attrs.String() + `/></propfind>`, ErrTooLarge, 64<<10 + 8192},
		{"attribute", open + `<a b="` + many("x", mb10) + `"/></propfind>`, ErrTooLarge, 64<<10 + 8192},
		{"entity references", open + `<prop>` + many("&amp;", mb10), ErrTooLarge, 1<<20 + 8192},
		{"tag name", `<` + many("a", mb10), ErrTooLarge, 64<<10 + 8192},
		{"namespaces", open + spaces.String() + `</propfind>`, ErrTooLarge, 8192},
		{"nested namespaces", declared.String(), ErrTooLarge, 8192},
		{"elements", open + `<prop>` + many("<a/>", mb10), ErrTooLarge, 300 << 10},
		{"distinct properties", open + `<prop>` + props.String() + `</prop></propfind>`, ErrTooLarge, 0},
		{"same properties", open + `<prop>` + many(`<getetag/>`, 490_000) + `</prop></propfind>`, nil, 0},
		{"props", open + many(`<prop/>`, 340_000) + `</propfind>`, nil, 0},
		{"crowded attributes", open + `<prop>` + crowded.String() + `</prop></propfind>`, nil, 0},
		{"text", open + `<prop><a>` + many("x", mb10), ErrTooLarge, 1<<20 + 8192},
		{"text in pieces", open + `<prop><a>` + many("x<!---->", mb10), ErrTooLarge, 0},
		{"comment", open + `<!-- ` + many("x", mb10), ErrTooLarge, 1<<20 + 8192},
		{"comments", open + many("<!---->", mb10), ErrTooLarge, 0},
		{"instructions", open + many("<?a?>", mb10), ErrTooLarge, 0},
		{"cdata sections", open + many("<![CDATA[]]>", mb10), ErrTooLarge, 0},
		{"white space", many(" ", mb10) + open, ErrTooLarge, 1<<20 + 8192},
		{"body", open + `<allprop/></propfind>` + many(" \n<!-- "+strings.Repeat("x", 1<<19)+" -->", 11<<20), ErrTooLarge, 0},
		{"hrefs", `<C:calendar-multiget xmlns:C="` + NSCalDAV + `">` + many(`<href xmlns="DAV:">/a</href>`, 10_000*28), ErrTooLarge, 0},
		{"conditions", inEvent(many(`<C:prop-filter name="X"/>`, 25*40_000)), ErrTooLarge, 0},
		{"nothing", many("\x00", mb10), ErrMalformed, 1<<20 + 8192},
	}
}

// TestAttacks holds the bounds of the package: each body is refused (or understood) in under 100 ms, and what it takes
// to read 10 MB where that much has to be read, with less than 50 MB, most of them without being read to the end.
func TestAttacks(t *testing.T) {
	for _, a := range attacks() { // one after the other: they are measured
		t.Run(a.name, func(t *testing.T) {
			body := a.body
			if a.want == ErrTooLarge && strings.HasPrefix(body, "<C:calendar-multiget") {
				body += `</C:calendar-multiget>`
			}
			var read int
			best := time.Hour
			for range tries {
				src := &countingReader{r: strings.NewReader(body)}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				var err error
				best = min(best, testenv.Work(t, func() { err = consume(src) }))
				runtime.ReadMemStats(&after)
				read = src.n
				if a.want == nil && err != nil || !errors.Is(err, a.want) {
					t.Fatalf("got %v, want %v", err, a.want)
				}
				if n := after.TotalAlloc - before.TotalAlloc; n > 50<<20 {
					t.Fatalf("%d MB allocated", n>>20)
				}
			}
			budget := 100*time.Millisecond + time.Duration(read>>20)*20*time.Millisecond
			if best > budget*slowed {
				t.Errorf("took %v, more than %v", best, budget)
			}
			if a.read > 0 && read > a.read {
				t.Errorf("%d bytes read before it was refused", read)
			}
			t.Logf("%v, %d of %d bytes read", best, read, len(a.body))
		})
	}
}

// consume reads a body as PROPFIND, or as REPORT when that is what it is.
func consume(r io.Reader) error {
	root, err := Parse(r, Limits{})
	if err != nil {
		return err
	}
	if read := reportReader(root.Name); read != nil {
		_, err := read(root, Limits{}.withDefaults())
		return err
	}
	_, _, err = readPropFind(root, Limits{})
	return err
}

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// TestLimitsAreExact takes each limit of a body just at its edge and one beyond.
func TestLimitsAreExact(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		lim  Limits
		fits string
		over string
	}{
		{"bytes", Limits{Bytes: 4}, `<a/>`, `<a/> `},
		{"bytes of a longer body", Limits{Bytes: 8}, `<a></a >`, `<a></a >x`},
		{"depth", Limits{Depth: 2}, `<a><b/></a>`, `<a><b><c/></b></a>`},
		{"elements", Limits{Elements: 3}, `<a><b/><c/></a>`, `<a><b/><c/><d/></a>`},
		{"namespaces", Limits{Namespaces: 1}, `<a xmlns="x"><b/></a>`, `<a xmlns="x"><b xmlns="y"/></a>`},
		{"bindings", Limits{Namespaces: 1}, `<a><b xmlns="x"/><c xmlns="x"/></a>`, `<a xmlns="x"><b xmlns:c="x"/></a>`},
		{"attributes", Limits{Attrs: 1}, `<a b=""/>`, `<a b="" c=""/>`},
		{"tag", Limits{Tag: 10}, `<abcdef/>`, `<abcdefghi/>`},
		{"text", Limits{Text: 12}, `<a>12345678901</a>`, `<a>1234567890123</a>`},
		{"text in pieces", Limits{Text: 12}, `<a>123456<!---->789012</a>`, `<a>1234567<!---->890123</a>`},
	} {
		if _, err := Parse(strings.NewReader(tt.fits), tt.lim); errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %q: %v", tt.name, tt.fits, err)
		}
		if _, err := Parse(strings.NewReader(tt.over), tt.lim); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %q: %v", tt.name, tt.over, err)
		}
	}
}

// TestReaderErrors keeps the error of a failing reader apart from malformed bodies.
func TestReaderErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	for cut := range len(open) {
		_, err := ParsePropFind(io.MultiReader(strings.NewReader(open[:cut]), iotest.ErrReader(broken)), Limits{})
		if !errors.Is(err, broken) || errors.Is(err, ErrMalformed) || errors.Is(err, ErrTooLarge) {
			t.Fatalf("after %d bytes: %v", cut, err)
		}
	}
	if _, err := Parse(idle{}, Limits{}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// TestSmallReads gives a body byte by byte, as a slow connection does.
func TestSmallReads(t *testing.T) {
	t.Parallel()
	for _, file := range goldenFiles(t) {
		body := readFile(t, file)
		want, wantErr := Parse(bytes.NewReader(body), Limits{})
		got, err := Parse(iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(body))), Limits{})
		if (err == nil) != (wantErr == nil) || err == nil && string(AppendStandalone(nil, got)) != string(AppendStandalone(nil, want)) {
			t.Errorf("%s: %v, %v", file, err, wantErr)
		}
	}
}

// TestTolerated gives bodies that are odd and understood.
func TestTolerated(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, body string }{
		{"empty", ""},
		{"white space", " \r\n"},
		{"byte order mark", "\xef\xbb\xbf" + `<?xml version="1.0"?><propfind xmlns="DAV:"><allprop/></propfind>`},
		{"mark alone", "\xef\xbb\xbf"},
		{"ascii", `<?xml version="1.0" encoding="US-ASCII"?><propfind xmlns="DAV:"><allprop/></propfind>`},
		{"capital encoding", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><propfind xmlns="DAV:"><allprop/></propfind>`},
		{"no dash", `<?xml version="1.0" encoding="utf8"?><propfind xmlns="DAV:"><allprop/></propfind>`},
		{"odd prefix", `<höchst-seltsam:propfind xmlns:höchst-seltsam="DAV:"><höchst-seltsam:allprop/></höchst-seltsam:propfind>`},
		{"xml prefix declared", `<propfind xmlns="DAV:" xmlns:xml="` + NSXML + `" xml:lang="en"><allprop/></propfind>`},
		{"instruction", `<?xml-stylesheet href="x"?><propfind xmlns="DAV:"><?y z?><allprop/></propfind><?z?>`},
		{"comment around", `<!-- a --><propfind xmlns="DAV:"><allprop/></propfind><!-- b -->`},
		{"prefix declared again", `<D:propfind xmlns:D="DAV:"><D:allprop xmlns:D="DAV:"/></D:propfind>`},
	} {
		pf, err := ParsePropFind(strings.NewReader(tt.body), Limits{})
		if err != nil || !pf.AllProp {
			t.Errorf("%s: %+v, %v", tt.name, pf, err)
		}
	}
}
