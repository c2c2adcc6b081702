package vcf_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/golden"
	"crmbridge/pim"
	"crmbridge/pim/vcf"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// oslo is where it is an hour later.
var oslo = time.FixedZone("oslo", 3600)

func load(t *testing.T, file string) *vcf.Card {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := vcf.Parse(b, vcf.DefaultLimits())
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return c
}

// edited is the edit whose result is the .want.vcf file: what a CRM typically changes.
func edited(t *testing.T, c *vcf.Card) *vcf.Card {
	t.Helper()
	p := pim.Clone(c.Item()).(*pim.Contact)
	p.Title = "Director, Sales; EMEA"
	p.Company = "New Company"
	p.Notes = "Written by the CRM;\nin two lines"
	if len(p.Phones) > 0 {
		p.Phones[0].Value = "+1 555 9999"
	}
	p.Phones = append(p.Phones, pim.Labeled{Label: "reception", Value: "+1 555 8888"}, pim.Labeled{Label: "fax,home", Value: "+1 555 7777"})
	if len(p.Emails) > 0 {
		p.Emails = p.Emails[1:]
	}
	p.Emails = append(p.Emails, pim.Labeled{Label: "work", Value: "crm@example.org", Preferred: true})
	p.IMs = append(p.IMs, pim.Labeled{Label: "skype", Value: "new.skype"})
	p.PageURL = "https://crm.example.org/contact/1"
	p.Birthday = pim.On(1970, 1, 2)
	p.DoNotUse = []string{"email", "fax"}
	set := pim.Set(pim.FieldJobTitle, pim.FieldCompany, pim.FieldNotes, pim.FieldPhones, pim.FieldEmails, pim.FieldIMs,
		pim.FieldURL, pim.FieldBirthday, pim.FieldDoNotUse)
	next, err := vcf.Apply(c, p, set, vcf.ApplyOptions{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if d := pim.Diff(p, next.Item(), set); !d.IsEmpty() {
		t.Errorf("the edit did not carry %v", d)
	}
	return next
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		base := strings.TrimSuffix(file, ".vcf")
		t.Run(filepath.Base(base), func(t *testing.T) {
			t.Parallel()
			c := load(t, file)
			raw, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(c.Bytes(), raw) {
				t.Error("comes back different", err)
			}
			view := struct {
				Version vcf.Version  `json:"version"`
				Faults  []string     `json:"faults,omitempty"`
				Item    *pim.Contact `json:"item"`
			}{Version: c.Version(), Item: c.Item()}
			for _, f := range c.Validate() {
				view.Faults = append(view.Faults, f.Condition+": "+f.String())
			}
			b, err := json.MarshalIndent(view, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, base+".want.json", append(b, '\n'))
			for v, ext := range map[vcf.Version]string{vcf.V3: ".v3.txt", vcf.V4: ".v4.txt"} {
				if out, err := vcf.Convert(c, v); err == nil && out != c {
					golden.Compare(t, base+ext, out.Bytes())
				}
			}
			if v := c.Version(); v == vcf.V3 || v == vcf.V4 {
				golden.Compare(t, base+".want.vcf", edited(t, c).Bytes())
			}
			if !bytes.Equal(c.Bytes(), raw) {
				t.Error("the card it was given changed")
			}
		})
	}
}

// sources are the golden files that are not themselves results.
func sources(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.vcf")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		if !strings.HasSuffix(f, ".want.vcf") {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		t.Fatal("no golden files")
	}
	return out
}
