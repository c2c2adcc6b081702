package plain

import "testing"

func TestSamples(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, got, want string }{
		{"event", Event("u1", "Lunch"), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.org//e2e//EN\r\nBEGIN:VEVENT\r\nUID:u1\r\n" +
			"DTSTAMP:20270101T000000Z\r\nDTSTART:20270115T100000Z\r\nDTEND:20270115T110000Z\r\nSUMMARY:Lunch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"},
		{"replaced and nested lines", Task("u2", "Call", "DUE;VALUE=DATE:20270201", "BEGIN:VALARM", "DTSTAMP:nested", "END:VALARM"),
			"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.org//e2e//EN\r\nBEGIN:VTODO\r\nUID:u2\r\nDTSTAMP:20270101T000000Z\r\n" +
				"STATUS:NEEDS-ACTION\r\nSUMMARY:Call\r\nDUE;VALUE=DATE:20270201\r\nBEGIN:VALARM\r\nDTSTAMP:nested\r\nEND:VALARM\r\n" +
				"END:VTODO\r\nEND:VCALENDAR\r\n"},
		{"card", Card("u3", "Ann Example", "ann@example.org", "NOTE:x"), "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u3\r\nFN:Ann Example\r\n" +
			"N:Example;Ann;;;\r\nEMAIL;TYPE=HOME:ann@example.org\r\nNOTE:x\r\nEND:VCARD\r\n"},
		{"shown", Shown(t, "20270115T100000Z", "Lunch"), "2027-01-15 10:00 Lunch"},
		{"shown, a whole day", Shown(t, "20270115", "Away"), "2027-01-15 Away"},
		{"unfold", Unfold("A:b\r\n c\r\n\td\r\nE:f"), "A:bcd\r\nE:f"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s:\n%q, want\n%q", test.name, test.got, test.want)
		}
	}
}
