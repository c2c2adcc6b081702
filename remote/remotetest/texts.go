package remotetest

import (
	"slices"
	"strings"

	"crmbridge/pim"
)

// hard are texts for one line.
var hard = []string{
	`semi;colon, comma: back\slash "double" 'single' O''Brien`,
	"<b>bold</b> &amp; <script>alert(1)</script> ]]> %20 + ? # {0} ${x}",
	"Москва, 東京, Ελλάδα, עברית, العربية, ไทย",
	"emoji 👩‍👩‍👧 🇳🇴 ✈️ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
	"composed é, decomposed e\u0301, no-break\u00a0space, zero\u200bwidth",
	"2026-06-01T08:00:00Z", "null", "00000000-0000-0000-0000-000000000000", "-1", "=1+1",
}

// hardNotes are texts of several lines.
var hardNotes = []string{
	"CR LF\r\nline two\r\n\r\nline four",
	"lone CR\rline two",
	"\ttab first\n  blanks first\nBEGIN:VEVENT\nEND:VEVENT",
	strings.Repeat("a line of sixty-four characters, to be folded in the calendar. ", 300),
	strings.Repeat("👍", 2000) + "\n" + strings.Repeat("Ж", 5000),
}

// freeText are the fields that people write into freely, with the place of each.
var freeText = map[pim.FieldID]func(pim.Item) *string{
	pim.FieldTitle: func(it pim.Item) *string {
		if m, ok := it.(*pim.Message); ok {
			return &m.Subject
		}
		return &pim.ActivityOf(it).Title
	},
	pim.FieldLocation: func(it pim.Item) *string { return &pim.ActivityOf(it).Location },
	pim.FieldReport:   func(it pim.Item) *string { return &pim.ActivityOf(it).CRM.Report },
	pim.FieldJobTitle: func(it pim.Item) *string { return &it.(*pim.Contact).Title },
	pim.FieldNickname: func(it pim.Item) *string { return &it.(*pim.Contact).Nickname },
	pim.FieldFullName: func(it pim.Item) *string { return &it.(*pim.Contact).FullName },
	pim.FieldNotes: func(it pim.Item) *string {
		switch v := it.(type) {
		case *pim.Contact:
			return &v.Notes
		case *pim.Message:
			return &v.Text
		}
		return &pim.ActivityOf(it).Notes
	},
}

// texts writes hard texts into every free field and reads them back. Each write puts one into every field, another into each, so
// that a remote pays for as many writes as there are texts.
func texts(a *account) {
	a.each(func(a *account, k pim.Kind) {
		var free []pim.Field
		values := map[pim.FieldID][]string{}
		set, rounds := pim.FieldSet{}, 0
		for _, f := range pim.Fields(k) {
			if _, ok := freeText[f.ID]; !ok || !a.traits.Carries[k].Has(f.ID) || a.h.Closed.Has(f.ID) {
				continue
			}
			free, set = append(free, f), set.Or(pim.Set(f.ID))
			values[f.ID] = a.textsFor(f.ID)
			rounds = max(rounds, len(values[f.ID]))
		}
		if len(free) == 0 {
			return
		}
		rec := a.create(k, a.sample(k, 1))
		for n := range rounds {
			it := a.sample(k, 1)
			for i, f := range free {
				*freeText[f.ID](it) = values[f.ID][(n+i)%len(values[f.ID])]
			}
			next, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(it), set)
			if err != nil {
				for _, f := range free {
					a.t.Errorf("%s = %.60q", f.ID, f.Text(it))
				}
				a.t.Fatal(err)
			}
			rec = a.must(a.homes[k], next.ID)
			for _, f := range free {
				if want := f.Text(a.expect(it)); f.Text(rec.Item) != want {
					a.t.Errorf("%s: got %.120q, want %.120q", f.ID, f.Text(rec.Item), want)
				}
			}
		}
	})
}

// textsFor are the texts for one field: as long as it can be, and one too long, among them.
func (a *account) textsFor(f pim.FieldID) []string {
	values := slices.Clone(hard)
	if f == pim.FieldNotes {
		values = append(values, hardNotes...)
	}
	if n := a.traits.TextLimit[f]; n > 0 {
		values = append(values, strings.Repeat("x", n), strings.Repeat("x", n)+"cut")
	}
	return values
}
