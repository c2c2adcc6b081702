package relay

import (
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// What a person writes into a column of one occurrence's activity stays there, and is of no other occurrence.
func TestColumnsOfOneOccurrence(t *testing.T) {
	t.Parallel()
	o, rules := extraColumns(), expanding()
	o.NoSeries = true
	rules.Fields = map[pim.Kind]rule.FieldMap{pim.KindEvent: customs(t)}
	onBoth(t, o, rules, func(w *world) {
		w.put("s.ics", dailySeries("s", "Stand-up", 3))
		w.clean()
		w.rewrite("SUMMARY:Stand-up", "X-REGION:North\r\nSUMMARY:Stand-up")
		w.clean()
		columns := func(want map[int]map[string]string) {
			t.Helper()
			for day, of := range want {
				for name, v := range of {
					if got := w.crm.Column(mem.Activities, w.recordAt(day).ID, name); got != v {
						t.Errorf("on the %d. %s is %q, want %q\n%s", day, name, got, v, w.only().Text)
					}
				}
			}
		}
		none := map[string]string{"UsrRegion": "", "UsrHint": "", "UsrKey": ""}
		north := map[string]string{"UsrRegion": "North", "UsrHint": "", "UsrKey": ""}
		columns(map[int]map[string]string{8: north, 9: north, 10: north})
		for name, v := range map[string]string{"UsrRegion": "South", "UsrHint": "by the back door", "UsrKey": "yes"} {
			w.crm.SetColumn(mem.Activities, w.recordAt(9).ID, name, v)
		}
		w.clean()
		w.quiet()
		south := map[string]string{"UsrRegion": "South", "UsrHint": "by the back door", "UsrKey": "yes"}
		columns(map[int]map[string]string{8: north, 9: south, 10: north})
		w.edit("s.ics", func(e *pim.Event) { e.Location = "Room 2" })
		w.clean()
		w.quiet()
		columns(map[int]map[string]string{8: north, 9: south, 10: north})
		w.rewrite("X-REGION:North", "X-REGION:West")
		w.clean()
		w.quiet()
		west := map[string]string{"UsrRegion": "West"}
		columns(map[int]map[string]string{8: west, 9: south, 10: west})
		// Taken out of one, it is of the others still; and what a device writes into that one occurrence goes there.
		w.crm.SetColumn(mem.Activities, w.recordAt(10).ID, "UsrRegion", "")
		w.clean()
		w.quiet()
		columns(map[int]map[string]string{8: west, 9: south, 10: none})
		w.rewrite("X-REGION:South", "X-REGION:East")
		w.clean()
		w.quiet()
		columns(map[int]map[string]string{8: west, 9: {"UsrRegion": "East", "UsrHint": "by the back door", "UsrKey": "yes"}, 10: none})
		w.same("08 09:00 Stand-up Room 2", "09 09:00 Stand-up", "10 09:00 Stand-up Room 2")
	})
}
