package creatiosim

import (
	"fmt"
	"strings"
	"testing"
)

const someCustom = `
UsrRegion:lookup
+Contact
  UsrRegionId ->UsrRegion
  UsrVIP bool
  UsrCount int
  UsrTotal num
  UsrSince date
  UsrCode text:10
`

// Columns that a site's people added are described, read and written as strictly as the
// product's own.
func TestCustomColumns(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Custom = someCustom })
	text := r.c.get("$metadata").text()
	for _, want := range []string{
		`<Property Name="UsrVIP" Type="Edm.Boolean" Nullable="false"/>`, `<Property Name="UsrCode" Type="Edm.String"/>`,
		`<Property Name="UsrTotal" Type="Edm.Decimal" Nullable="false"/>`, `<Property Name="UsrSince" Type="Edm.DateTimeOffset" Nullable="false"/>`,
		`<NavigationProperty Name="UsrRegion" Type="` + namespace + `.UsrRegion">`, `<EntitySet Name="UsrRegion"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in the description", want)
		}
	}
	north := r.add("UsrRegion", Fields{"Name": "North"})
	id := r.add("Contact", Fields{"Name": "Ada", "UsrCode": "A1"})
	at := "Contact(" + id + ")"
	if res := r.c.do("PATCH", at, fmt.Sprintf(`{"UsrRegionId":%q,"UsrVIP":true,"UsrCount":3,"UsrTotal":"12.5","UsrSince":"2026-07-01T00:00:00Z"}`, north)); res.status >= 300 {
		t.Fatalf("%d %s", res.status, res.text())
	}
	got := r.c.query("Contact", "$filter", "UsrCode eq 'A1'", "$select", "Id,UsrCode,UsrVIP,UsrCount,UsrTotal,UsrSince,UsrRegionId",
		"$expand", "UsrRegion($select=Id,Name)").value(t)
	if len(got) != 1 || fmt.Sprintf("%v %v %v %v", got[0]["UsrVIP"], got[0]["UsrCount"], got[0]["UsrTotal"], got[0]["UsrSince"]) != "true 3 12.5 2026-07-01T00:00:00Z" ||
		got[0]["UsrRegion"].(map[string]any)["Name"] != "North" {
		t.Errorf("%v", got)
	}
	for _, bad := range []string{`{"UsrGone":"x"}`, `{"UsrCount":"3"}`, `{"UsrCount":1.5}`, `{"UsrVIP":"yes"}`, `{"UsrSince":"2026-07-01"}`,
		`{"UsrCode":"longer than ten"}`, `{"UsrRegionId":"` + id + `"}`} {
		if res := r.c.do("PATCH", at, bad); res.status < 400 {
			t.Errorf("%s was taken: %d", bad, res.status)
		}
	}
	if res := r.c.query("Contact", "$select", "Id,UsrGone"); res.status < 400 {
		t.Errorf("a column that is not there was read: %s", res.text())
	}
}
