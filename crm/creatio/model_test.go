package creatio

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"crmbridge/remote"
)

const someModel = `<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Terrasoft.Configuration.OData" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EntityType Name="Activity"><Key><PropertyRef Name="Id"/></Key>
<Property Name="Id" Type="Edm.Guid" Nullable="false"/><Property Name="UsrNote" Type="Edm.String"/><Property Name="UsrTotal" Type="Edm.Decimal" Nullable="false"/>
<Property Name="UsrRegionId" Type="Edm.Guid" Nullable="false"/><Property Name="UsrCaseId" Type="Edm.Guid" Nullable="false"/>
<Property Name="UsrOddId" Type="Edm.Guid" Nullable="false"/><Property Name="UsrFile" Type="Edm.Stream"/><Property Name="UsrAt" Type="Edm.DateTimeOffset"/>
<NavigationProperty Name="UsrRegion" Type="Terrasoft.Configuration.OData.UsrRegion"/><NavigationProperty Name="UsrCase" Type="Terrasoft.Configuration.OData.Case"/>
<NavigationProperty Name="Files" Type="Collection(Terrasoft.Configuration.OData.ActivityFile)"/>
</EntityType>
<EntityType Name="Contact"><Property Name="Id" Type="Edm.Guid"/><Property Name="Name" Type="Edm.String"/></EntityType>
<EntityType Name="UsrRegion"><Property Name="Id" Type="Edm.Guid"/><Property Name="Name" Type="Edm.String"/></EntityType>
<EntityType Name="Case"><Property Name="Id" Type="Edm.Guid"/><Property Name="Subject" Type="Edm.String"/></EntityType>
</Schema></edmx:DataServices></edmx:Edmx>`

func TestModelOfASite(t *testing.T) {
	t.Parallel()
	m, err := parseModel([]byte("\xef\xbb\xbf" + someModel))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]remote.Column{
		"Id":          {Kind: remote.OtherColumn},
		"UsrNote":     {Kind: remote.TextColumn},
		"UsrTotal":    {Kind: remote.NumberColumn},
		"UsrAt":       {Kind: remote.TimeColumn},
		"UsrRegionId": {Kind: remote.ReferenceColumn, Of: "UsrRegion"},
		"UsrCaseId":   {Kind: remote.OtherColumn}, // cases have no name
		"UsrOddId":    {Kind: remote.OtherColumn}, // leads nowhere
		"UsrFile":     {Kind: remote.OtherColumn},
	} {
		want.Name = name
		if got := m.column("Activity", property{name, m.entities["Activity"].typeOf(name)}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if n := len(m.entities["Activity"].columns); n != 8 {
		t.Errorf("%d columns", n)
	}
}

func TestModelsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":         "",
		"no XML":          `{"value":[]}`,
		"cut off":         someModel[:600],
		"without contact": strings.Replace(someModel, `Name="Contact"`, `Name="Person"`, 1),
		"other encoding":  strings.Replace(someModel, "utf-8", "windows-1251", 1),
	} {
		if _, err := parseModel([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzModel(f *testing.F) {
	f.Add([]byte(someModel))
	f.Add([]byte(someModel[:900]))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseModel(b)
		if err != nil {
			return
		}
		for entity, e := range m.entities {
			for _, p := range e.columns {
				if col := m.column(entity, p); col.Kind == remote.ReferenceColumn && !m.named[col.Of] {
					t.Errorf("%+v leads to what has no name", col)
				}
			}
		}
	})
}

// Canonical texts as columns take them, and as they are read again.
func TestPlainValues(t *testing.T) {
	t.Parallel()
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	at := func(h, m int) time.Time { return time.Date(2026, 7, 1, h, m, 0, 0, time.UTC) }
	for _, c := range []struct {
		typ, text string
		want      any
		kind      remote.ValueKind
		back      string
	}{
		{"Edm.String", "a\nb ", "a\nb ", remote.TextColumn, "a\nb "},
		{"Edm.Boolean", "yes", true, remote.FlagColumn, "yes"},
		{"Edm.Boolean", "No", false, remote.FlagColumn, ""},
		{"Edm.Boolean", "", false, remote.FlagColumn, ""},
		{"Edm.Int32", "-7", json.Number("-7"), remote.NumberColumn, "-7"},
		{"Edm.Int32", "", json.Number("0"), remote.NumberColumn, ""},
		{"Edm.Int64", "9007199254740991", decimal("9007199254740991"), remote.NumberColumn, "9007199254740991"},
		{"Edm.Decimal", "12.50", decimal("12.50"), remote.NumberColumn, "12.5"},
		{"Edm.Double", "0.25", json.Number("0.25"), remote.NumberColumn, "0.25"},
		{"Edm.DateTimeOffset", "2026-07-01", at(0, 0), remote.TimeColumn, "2026-07-01"},
		{"Edm.DateTimeOffset", "2026-07-01T09:15:00Z", at(9, 15), remote.TimeColumn, "2026-07-01T09:15:00Z"},
		{"Edm.DateTimeOffset", "2026-07-01T12:15:00", at(9, 15), remote.TimeColumn, "2026-07-01T09:15:00Z"},
		{"Edm.DateTimeOffset", "", time.Time{}, remote.TimeColumn, ""},
	} {
		got, ok := plainValue(c.typ, c.text, helsinki)
		if !ok || got != c.want {
			t.Errorf("%s %q is %#v, %t; want %#v", c.typ, c.text, got, ok, c.want)
			continue
		}
		body, err := row{"X": got}.body()
		if err != nil {
			t.Fatal(err)
		}
		var r row
		if err := json.Unmarshal(body, &r); err != nil {
			t.Fatal(err)
		}
		if back := plainText(r, remote.Column{Name: "X", Kind: c.kind}); back != c.back {
			t.Errorf("%s %q is read as %q, want %q", c.typ, c.text, back, c.back)
		}
	}
	for typ, texts := range map[string][]string{
		"Edm.Boolean":        {"perhaps", "2"},
		"Edm.Int32":          {"1.5", "many", "2147483648", "0x10", "1e3"},
		"Edm.Int64":          {"9223372036854775808"},
		"Edm.Decimal":        {"1,5", "NaN", "1e400", "--1"},
		"Edm.DateTimeOffset": {"soon", "2026-13-01", "0001-01-01"},
	} {
		for _, s := range texts {
			if v, ok := plainValue(typ, s, helsinki); ok {
				t.Errorf("%s %q was taken as %#v", typ, s, v)
			}
		}
	}
}
