package dav_test

import (
	"reflect"
	"testing"
)

// Listings read only what was asked for. Each property of a member must be the same whether it is asked for alone, with
// what needs little, or with everything.
func TestPropertiesDoNotDependOnTheOthersAskedFor(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.put(annCal+"one.ics", event("one", "One"))
	before := s.propfind(annCal, 0, "D:sync-token").text(annCal, "sync-token")
	s.put(annCal+"two.ics", event("two", "Two"))
	s.call("DELETE", annCal+"one.ics", "").want(204)
	s.put(annBook+"ada.vcf", card("ada", "Ada Example"))

	all := []string{"D:getetag", "D:resourcetype", "D:getcontenttype", "D:getcontentlength", "D:getlastmodified", "D:creationdate",
		"D:current-user-principal", "D:owner", "D:current-user-privilege-set", "D:displayname", "X:unknown"}
	for _, at := range []string{annCal + "two.ics", annBook + "ada.vcf"} {
		folder := annCal
		if at == annBook+"ada.vcf" {
			folder = annBook
		}
		listings := map[string]func(names ...string) *multi{
			"PROPFIND":        func(names ...string) *multi { return s.propfind(folder, 1, names...) },
			"sync-collection": func(names ...string) *multi { return s.call("REPORT", folder, syncBody("", names...)).multi() },
			"sync-collection with texts": func(names ...string) *multi {
				return s.call("REPORT", folder, syncBody("", append(names, "C:calendar-data", "CR:address-data")...)).multi()
			},
		}
		if folder == annBook {
			listings["addressbook-query with texts"] = func(names ...string) *multi {
				return s.call("REPORT", folder, askMore("CR:addressbook-query",
					`<CR:filter><CR:prop-filter name="FN"><CR:text-match>ada</CR:text-match></CR:prop-filter></CR:filter>`, append(names, "CR:address-data")...), "Depth: 1").multi()
			}
		} else {
			inTime := `<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20000101T000000Z" end="21000101T000000Z"/></C:comp-filter></C:comp-filter></C:filter>`
			listings["calendar-query in time"] = func(names ...string) *multi {
				return s.call("REPORT", folder, askMore("C:calendar-query", inTime, names...), "Depth: 1").multi()
			}
			listings["calendar-query in time with texts"] = func(names ...string) *multi {
				return s.call("REPORT", folder, askMore("C:calendar-query", inTime, append(names, "C:calendar-data")...), "Depth: 1").multi()
			}
			listings["calendar-query"] = func(names ...string) *multi {
				return s.call("REPORT", folder, askMore("C:calendar-query",
					`<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter>`, names...), "Depth: 1").multi()
			}
		}
		for what, list := range listings {
			whole := list(all...).at(at)
			if whole.found["getetag"] == nil || whole.found["creationdate"] == nil || len(whole.gone) == 0 {
				t.Fatalf("%s: %+v", what, whole)
			}
			for _, name := range all {
				local := name[2:]
				for _, names := range [][]string{{name}, {"D:getetag", "D:resourcetype", name}} {
					if got := list(names...).at(at); !reflect.DeepEqual(got.found[local], whole.found[local]) {
						t.Errorf("%s of %s: %s is %+v when asked for as %v, else %+v", what, at, local, got.found[local], names, whole.found[local])
					}
				}
			}
		}
	}
	changes := s.call("REPORT", annCal, syncBody(before, "D:getetag")).multi()
	if got := changes.at(annCal + "one.ics").status; got != "HTTP/1.1 404 Not Found" || len(changes.order) != 2 {
		t.Errorf("the deleted member is %q among %v", got, changes.order)
	}
}
