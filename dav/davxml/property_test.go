package davxml

import (
	"bytes"
	"encoding/xml"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestPrintParse: parse(print(x)) == x for trees of any kind.
func TestPrintParse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		el := genElement(3).Draw(t, "element")
		alone := AppendStandalone(nil, &el)
		got, err := ParseElement(alone)
		if err != nil || !reflect.DeepEqual(*got, el) {
			t.Fatalf("standalone: %v\n%s\ngot  %+v\nwant %+v", err, alone, got, el)
		}
		// Both spellings can be put into a document.
		for _, inner := range [][]byte{alone, AppendElement(nil, &el)} {
			doc := AppendDocument(nil, D("prop"), inner)
			root, err := Parse(bytes.NewReader(doc), Limits{})
			if err != nil || len(root.Children) != 1 || !reflect.DeepEqual(root.Children[0], el) {
				t.Fatalf("in a document: %v\n%s", err, doc)
			}
		}
	})
}

// TestEscapeAnything: whatever bytes are printed, the result is XML, and only what XML cannot hold has changed.
func TestEscapeAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.SliceOf(rapid.Byte()), rapid.Map(genText(), func(s string) []byte { return []byte(s) })).Draw(t, "bytes")
		doc := AppendText(nil, xml.Name{Local: "a"}, s)
		if !bytes.Equal(doc, AppendText(nil, xml.Name{Local: "a"}, string(s))) {
			t.Fatal("string and bytes differ")
		}
		doc = append(append(append(doc[:2:2], ` b="`...), EscapeAttr(nil, s)...), append([]byte{'"'}, doc[2:]...)...)
		el, err := ParseElement(doc)
		if err != nil {
			t.Fatalf("%v: %q", err, doc)
		}
		if want := printable(s); el.Text != want || el.Attrs[0].Value != want {
			t.Fatalf("%q: text %q, attribute %q", want, el.Text, el.Attrs[0].Value)
		}
	})
}

// printable is the plain wording of what EscapeText promises.
func printable(s []byte) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		s = s[size:]
		switch {
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
		case r == 0xFFFE || r == 0xFFFF:
			b.WriteRune(utf8.RuneError)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// TestCalendarQueryRoundTrip prints typed queries with the appenders and reads them back.
func TestCalendarQueryRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := &CalendarQuery{
			Prop:       genPropFind(NSCalDAV).Draw(t, "prop"),
			Filter:     CompFilter{Name: "VCALENDAR", Comps: rapid.SliceOfN(genCompFilter(), 1, 3).Draw(t, "comps")},
			TimezoneID: rapid.SampledFrom([]string{"", "Europe/Vienna"}).Draw(t, "zone"),
		}
		content := printPropFind(nil, q.Prop)
		content = AppendOpen(content, C("filter"))
		content = printCompFilter(content, q.Filter)
		content = AppendClose(content, C("filter"))
		if q.TimezoneID != "" {
			content = AppendText(content, C("timezone-id"), q.TimezoneID)
		}
		body := AppendDocument(nil, C("calendar-query"), content)
		got, err := ParseReport(bytes.NewReader(body), Limits{})
		if err != nil || !reflect.DeepEqual(got, Report(q)) {
			t.Fatalf("%v\n%s\ngot  %+v\nwant %+v", err, body, got, q)
		}
	})
}

// TestAddressbookQueryRoundTrip is the same for cards.
func TestAddressbookQueryRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := &AddressbookQuery{
			Prop: genPropFind(NSCardDAV).Draw(t, "prop"),
			Filter: AddressFilter{
				Test:  rapid.SampledFrom([]Test{AnyOf, AllOf}).Draw(t, "test"),
				Props: genSlice(genPropFilter(NSCardDAV), 3).Draw(t, "props"),
			},
			Limit: rapid.IntRange(0, 1<<31-1).Draw(t, "limit"),
		}
		content := printPropFind(nil, q.Prop)
		content = AppendOpen(content, CR("filter"), attr("test", string(q.Filter.Test)))
		for _, p := range q.Filter.Props {
			content = printPropFilter(content, NSCardDAV, p)
		}
		content = AppendClose(content, CR("filter"))
		content = printLimit(content, NSCardDAV, q.Limit)
		body := AppendDocument(nil, CR("addressbook-query"), content)
		got, err := ParseReport(bytes.NewReader(body), Limits{})
		if err != nil || !reflect.DeepEqual(got, Report(q)) {
			t.Fatalf("%v\n%s\ngot  %+v\nwant %+v", err, body, got, q)
		}
	})
}

// TestPropertyUpdateRoundTrip keeps order, values and languages of a PROPPATCH.
func TestPropertyUpdateRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var pu PropertyUpdate
		var content []byte
		for range rapid.IntRange(1, 5).Draw(t, "ops") {
			op := PropOp{Remove: rapid.Bool().Draw(t, "remove"), Prop: genElement(2).Draw(t, "prop")}
			pu.Ops = append(pu.Ops, op)
			name := D("set")
			if op.Remove {
				name = D("remove")
			}
			content = AppendOpen(content, name)
			content = AppendOpen(content, D("prop"))
			content = AppendElement(content, &op.Prop)
			content = AppendClose(content, D("prop"))
			content = AppendClose(content, name)
		}
		body := AppendDocument(nil, D("propertyupdate"), content)
		got, err := ParsePropertyUpdate(bytes.NewReader(body), Limits{})
		if err != nil || !reflect.DeepEqual(got, pu) {
			t.Fatalf("%v\n%s\ngot  %+v\nwant %+v", err, body, got, pu)
		}
	})
}

func attr(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }

// ---- generators

// genSlice is like rapid.SliceOfN from 0 to n, nil when empty.
func genSlice[T any](g *rapid.Generator[T], n int) *rapid.Generator[[]T] {
	return rapid.Map(rapid.SliceOfN(g, 0, n), func(s []T) []T {
		if len(s) == 0 {
			return nil
		}
		return s
	})
}

func genText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", " ", "a", "\r\n", "]]>", "&amp;", "<!--", "\t\"'\n", "Büro Krüger", "🗓️", "\u2028\u0085"}),
		rapid.Map(rapid.String(), func(s string) string { return printable([]byte(s)) }),
	)
}

func genName() *rapid.Generator[xml.Name] {
	return rapid.Custom(func(t *rapid.T) xml.Name {
		return xml.Name{
			Space: rapid.SampledFrom([]string{"", NSDAV, NSCalDAV, NSCardDAV, NSCalendarServer, NSAppleICal,
				"urn:a", "urn:b", "http://example.org/?a=1&b=\"2\""}).Draw(t, "space"),
			Local: rapid.SampledFrom([]string{"a", "b", "displayname", "x", "D", "_1-.", "größe"}).Draw(t, "local"),
		}
	})
}

func genElement(depth int) *rapid.Generator[Element] {
	return rapid.Custom(func(t *rapid.T) Element {
		el := Element{Name: genName().Draw(t, "name"), Text: genText().Draw(t, "text")}
		for range rapid.IntRange(0, 3).Draw(t, "attrs") {
			name := rapid.OneOf(genName(), rapid.Just(langName())).Draw(t, "attr")
			if !slices.ContainsFunc(el.Attrs, func(a xml.Attr) bool { return a.Name == name }) {
				el.Attrs = append(el.Attrs, xml.Attr{Name: name, Value: genText().Draw(t, "value")})
			}
		}
		if depth > 0 {
			el.Children = genSlice(genElement(depth-1), 3).Draw(t, "children")
			for i := range el.Children {
				el.Children[i].Tail = genText().Draw(t, "tail")
			}
		}
		return el
	})
}

func genTime() *rapid.Generator[time.Time] {
	return rapid.Map(rapid.Int64Range(-62135596799, 253402300799), func(s int64) time.Time { return time.Unix(s, 0).UTC() })
}

func genTimeRange(open bool) *rapid.Generator[*TimeRange] {
	return rapid.Custom(func(t *rapid.T) *TimeRange {
		tr := &TimeRange{Start: genTime().Draw(t, "start"), End: genTime().Draw(t, "end")}
		if tr.End.Before(tr.Start) {
			tr.Start, tr.End = tr.End, tr.Start
		}
		switch ends := rapid.IntRange(0, 2).Draw(t, "ends"); {
		case open && ends == 0:
			tr.Start = time.Time{}
		case open && ends == 1:
			tr.End = time.Time{}
		case tr.Start.Equal(tr.End):
			tr.Start = time.Unix(0, 0).UTC()
			tr.End = time.Unix(1, 0).UTC()
		}
		return tr
	})
}

func genTextMatch() *rapid.Generator[TextMatch] {
	return rapid.Custom(func(t *rapid.T) TextMatch {
		return TextMatch{
			Text:      genText().Draw(t, "text"),
			Collation: rapid.SampledFrom([]Collation{CollationASCII, CollationUnicode, CollationOctet}).Draw(t, "collation"),
			Match:     rapid.SampledFrom([]MatchType{MatchContains, MatchEquals, MatchStartsWith, MatchEndsWith}).Draw(t, "match"),
			Negate:    rapid.Bool().Draw(t, "negate"),
		}
	})
}

func genPropFilter(space string) *rapid.Generator[PropFilter] {
	return rapid.Custom(func(t *rapid.T) PropFilter {
		f := PropFilter{Name: rapid.SampledFrom([]string{"UID", "X-ABC", "DTSTART"}).Draw(t, "name"), Test: AllOf}
		texts := 1
		if space == NSCardDAV {
			f.Test, texts = rapid.SampledFrom([]Test{AnyOf, AllOf}).Draw(t, "test"), 3
		}
		if f.IsNotDefined = rapid.Bool().Draw(t, "not defined"); f.IsNotDefined {
			return f
		}
		f.Texts = genSlice(genTextMatch(), texts).Draw(t, "texts")
		if f.Name == "DTSTART" && space == NSCalDAV {
			f.TimeRange = genTimeRange(true).Draw(t, "range")
		}
		f.Params = genSlice(rapid.Custom(func(t *rapid.T) ParamFilter {
			p := ParamFilter{Name: "TYPE", IsNotDefined: rapid.Bool().Draw(t, "not defined")}
			if !p.IsNotDefined && rapid.Bool().Draw(t, "has text") {
				m := genTextMatch().Draw(t, "text")
				p.Text = &m
			}
			return p
		}), 2).Draw(t, "params")
		return f
	})
}

func genCompFilter() *rapid.Generator[CompFilter] {
	return rapid.Custom(func(t *rapid.T) CompFilter {
		f := CompFilter{Name: rapid.SampledFrom([]string{"VEVENT", "VTODO", "X-COMP"}).Draw(t, "name")}
		if f.IsNotDefined = rapid.Bool().Draw(t, "not defined"); f.IsNotDefined {
			return f
		}
		if rapid.Bool().Draw(t, "has range") {
			f.TimeRange = genTimeRange(true).Draw(t, "range")
		}
		f.Props = genSlice(genPropFilter(NSCalDAV), 2).Draw(t, "props")
		if f.Name != "X-COMP" && rapid.Bool().Draw(t, "has alarm") {
			f.Comps = []CompFilter{{Name: "VALARM", TimeRange: genTimeRange(true).Draw(t, "alarm")}}
		}
		return f
	})
}

func genPropSelect() *rapid.Generator[PropSelect] {
	return rapid.Custom(func(t *rapid.T) PropSelect {
		return PropSelect{Name: rapid.SampledFrom([]string{"UID", "SUMMARY"}).Draw(t, "name"), NoValue: rapid.Bool().Draw(t, "no value")}
	})
}

func genCompSelect(depth int) *rapid.Generator[CompSelect] {
	return rapid.Custom(func(t *rapid.T) CompSelect {
		s := CompSelect{Name: rapid.SampledFrom([]string{"VCALENDAR", "VEVENT"}).Draw(t, "name")}
		if s.AllProps = rapid.Bool().Draw(t, "all props"); !s.AllProps {
			s.Props = genSlice(genPropSelect(), 3).Draw(t, "props")
		}
		if s.AllComps = rapid.Bool().Draw(t, "all comps"); !s.AllComps && depth > 0 {
			s.Comps = genSlice(genCompSelect(depth-1), 2).Draw(t, "comps")
		}
		return s
	})
}

func genPropFind(space string) *rapid.Generator[PropFind] {
	return rapid.Custom(func(t *rapid.T) PropFind {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return PropFind{AllProp: true, Include: genSlice(genName(), 1).Draw(t, "include")}
		case 1:
			return PropFind{PropName: true}
		}
		pf := PropFind{}
		for _, n := range rapid.SliceOfN(genName(), 0, 4).Draw(t, "names") {
			if !slices.Contains(pf.Names, n) {
				pf.Names = append(pf.Names, n)
			}
		}
		if space == NSCardDAV {
			pf.Names = append(pf.Names, CR("address-data"))
			pf.AddressData = &AddressData{Version: "4.0", Props: genSlice(genPropSelect(), 2).Draw(t, "props")}
			return pf
		}
		pf.Names = append(pf.Names, C("calendar-data"))
		pf.CalendarData = &CalendarData{ContentType: "text/calendar"}
		if rapid.Bool().Draw(t, "has comp") {
			s := genCompSelect(2).Draw(t, "comp")
			pf.CalendarData.Comp = &s
		}
		switch rapid.IntRange(0, 3).Draw(t, "expand") {
		case 0:
			pf.CalendarData.Expand = genTimeRange(false).Draw(t, "range")
		case 1:
			pf.CalendarData.LimitRecurrence = genTimeRange(false).Draw(t, "range")
		case 2:
			pf.CalendarData.LimitFreeBusy = genTimeRange(false).Draw(t, "range")
		}
		return pf
	})
}

// An element that is said to be longer is, and nothing that is printed is said to be longer than it is.
func TestLonger(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := genElement(3).Draw(t, "element")
		n := len(AppendStandalone(nil, &e))
		if e.Longer(n) {
			t.Fatalf("%d bytes are said to be longer", n)
		}
	})
	space := strings.Repeat("s", 1000)
	e := Element{Name: D("a")}
	for range 9 {
		e.Children = append(e.Children, Element{Name: xml.Name{Space: space, Local: "b"}}, Element{Name: D("c"), Attrs: []xml.Attr{{Name: xml.Name{Space: space, Local: "d"}}}})
	}
	if !e.Longer(18_000) || e.Longer(19_000) {
		t.Error("namespaces are not counted where they are declared")
	}
}
