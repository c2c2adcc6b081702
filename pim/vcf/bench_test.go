package vcf_test

import (
	"os"
	"testing"

	"crmbridge/pim"
	"crmbridge/pim/vcf"
)

func BenchmarkCard(b *testing.B) {
	small, err := os.ReadFile("testdata/ios-contact.vcf")
	if err != nil {
		b.Fatal(err)
	}
	parse := func(text []byte) *vcf.Card {
		c, err := vcf.Parse(text, vcf.DefaultLimits())
		if err != nil {
			b.Fatal(err)
		}
		return c
	}
	p := parse(small).Item()
	p.Title = "another"
	p.Photo = make([]byte, 100_000)
	next, err := vcf.Apply(parse(small), p, all, vcf.ApplyOptions{Now: now})
	if err != nil {
		b.Fatal(err)
	}
	large := next.Bytes()
	for _, c := range []struct {
		name string
		run  func()
	}{
		{"parse", func() { parse(small) }},
		{"parse with a photo of 100 kB", func() { parse(large) }},
		{"item", func() { parse(small).Item() }},
		{"item with a photo of 100 kB", func() { parse(large).Item() }},
		{"apply", func() {
			_, _ = vcf.Apply(parse(small), p, pim.Set(pim.FieldJobTitle), vcf.ApplyOptions{Now: now})
		}},
		{"convert with a photo of 100 kB", func() { _, _ = vcf.Convert(parse(large), vcf.V4) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.run()
			}
		})
	}
}
