package remotetest

import (
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
	pim.FieldTitle:    func(it pim.Item) *string { return &activity(it).Title },
	pim.FieldLocation: func(it pim.Item) *string { return &activity(it).Location },
	pim.FieldReport:   func(it pim.Item) *string { return &activity(it).CRM.Report },
	pim.FieldJobTitle: func(it pim.Item) *string { return &it.(*pim.Contact).Title },
	pim.FieldNickname: func(it pim.Item) *string { return &it.(*pim.Contact).Nickname },
	pim.FieldFullName: func(it pim.Item) *string { return &it.(*pim.Contact).FullName },
	pim.FieldNotes: func(it pim.Item) *string {
		if c, ok := it.(*pim.Contact); ok {
			return &c.Notes
		}
		return &activity(it).Notes
	},
}

func activity(it pim.Item) *pim.Activity {
	switch v := it.(type) {
	case *pim.Event:
		return &v.Activity
	case *pim.Task:
		return &v.Activity
	}
	return &pim.Activity{}
}

// texts writes hard texts into every free field and reads them back.
func texts(a *account) {
	a.each(func(a *account, k pim.Kind) {
		for _, f := range pim.Fields(k) {
			place, free := freeText[f.ID]
			if !free || !a.traits.Carries[k].Has(f.ID) || a.h.Closed.Has(f.ID) {
				continue
			}
			values := append([]string(nil), hard...)
			if f.ID == pim.FieldNotes {
				values = append(values, hardNotes...)
			}
			if n := a.traits.TextLimit[f.ID]; n > 0 {
				values = append(values, strings.Repeat("x", n), strings.Repeat("x", n)+"cut")
			}
			rec := a.create(k, a.sample(k, 1))
			for _, v := range values {
				it := a.sample(k, 1)
				*place(it) = v
				next, err := a.Remote.Update(a.ctx, a.homes[k], rec.Ref, a.entry(it), pim.Set(f.ID))
				if err != nil {
					a.t.Fatalf("%s = %.60q: %v", f.ID, v, err)
				}
				rec = a.must(a.homes[k], next.ID)
				if want := f.Text(a.expect(it)); f.Text(rec.Item) != want {
					a.t.Errorf("%s: got %.120q, want %.120q", f.ID, f.Text(rec.Item), want)
				}
			}
		}
	})
}
