package dav

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"crmbridge/internal/testenv"
)

// A slot is one line of a text, or a few, in the spellings it may have: the first is that of the version that both sides
// started from, "" is none.
type slot []string

// grouped marks the slots that share groups with one another: what two of them mean together is no sum.
const grouped = "item"

func cardSlots() []slot {
	return []slot{
		{"N:Roe;Jane;;;", "N:Roe;Janet;;;", "N;SORT-AS=x:Roe;Jane;;;"},
		{"FN:Jane Roe", "FN:Janet Roe", "FN;LANGUAGE=de:Jane Roe"},
		{"TEL;TYPE=home:+1", "TEL;TYPE=work:+1", "TEL;TYPE=home:+2", "TEL;TYPE=home,video:+1", "TEL;TYPE=home;PREF=1:+1", ""},
		{"TEL;TYPE=cell:+9", "TEL;TYPE=cell,fax:+9", "TEL;TYPE=cell,voice:+99", ""},
		{"EMAIL;TYPE=home:a@example.org", "EMAIL;TYPE=home;PREF=2:a@example.org", "EMAIL;TYPE=home;PREF=1:a@example.org", "EMAIL;TYPE=home;X-A=1:a@example.org", ""},
		{"URL:https://example.org/", "URL;TYPE=home:https://example.org/", "URL:https://example.org/2", ""},
		{
			"ADR;TYPE=home:;;Road 1;City;;1;X", "ADR;TYPE=home:;;Road 2;City;;1;X", "ADR;TYPE=home;LABEL=foo:;;Road 1;City;;1;X",
			"ADR;TYPE=home;GEO=\"geo:1,2\":;;Road 1;City;;1;X",
		},
		{"NICKNAME:jj", "NICKNAME:jk", "NICKNAME:jj,jk", "NICKNAME;TYPE=work:jj"},
		{"CATEGORIES:a,b", "CATEGORIES:a", "CATEGORIES:a,b,c", "CATEGORIES;PREF=2:a,b"},
		{"NOTE:hello", "NOTE:hello\\nthere", "NOTE;LANGUAGE=en:hello", "NOTE: hello ", "NOTE:hello\r\nNOTE:again"},
		{"ORG:A;B", "ORG:A;B;C", "ORG:A", "ORG;SORT-AS=q:A;B"},
		{"BDAY:19800506", "BDAY:19800507", "BDAY:1980-05", "BDAY;VALUE=text:about 1980", "BDAY:19800506T100000Z", "BDAY;CALSCALE=gregorian:19800506", ""},
		{"ANNIVERSARY:20100601", "ANNIVERSARY:20100602", "ANNIVERSARY;VALUE=text:in spring"},
		{"GENDER:F", "GENDER:F;girl", "GENDER:O"},
		{"KIND:individual", "KIND:org", "KIND:group"},
		{"IMPP:xmpp:a@b", "IMPP:xmpp:a@c", "IMPP;PREF=1:xmpp:a@b", "IMPP;X-SERVICE-TYPE=Skype:xmpp:a@b"},
		{"X-CRM-FOO:1", "X-CRM-FOO:2", ""},
		{"X-CRM-OWNER:Bo", "X-CRM-OWNER:Al", ""},
		{"X-CRM-DO-NOT-USE:email", "X-CRM-DO-NOT-USE:email,phone"},
		{"PHOTO:https://example.org/1.png", "PHOTO:data:image/png;base64,AAAA", "PHOTO:https://example.org/2.png", ""},
		{"RELATED;TYPE=friend:urn:uuid:1", "RELATED;TYPE=friend:urn:uuid:2"},
		{"X-A:1", "X-A:2", ""},
		{"item1.X-ABLABEL:foo", "item1.X-ABLABEL:bar", "item2.X-ABLABEL:foo", ""},
		{"item1.TEL:+5", "item2.TEL:+5", "item1.TEL:+6"},
		{"item2.TEL:+7", "item1.TEL:+7"},
		{"TITLE:t", "TITLE:u", "TITLE;ALTID=1:t"},
		{"LANG:de", "LANG:en"},
		{"TZ:+0100", "TZ:+0200"},
		{"GEO:geo:1,2", "GEO:geo:1,3"},
		{"LOGO:https://example.org/l1", "LOGO:https://example.org/l2"},
		{"X-SKYPE:foo", "X-SKYPE:bar"},
	}
}

func eventSlots() []slot {
	alarm := func(before string) string {
		return "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT" + before + "\r\nEND:VALARM"
	}
	return []slot{
		{
			"DTSTART;TZID=Europe/Berlin:20260110T100000\r\nDTEND;TZID=Europe/Berlin:20260110T110000",
			"DTSTART:20260110T090000Z\r\nDTEND:20260110T100000Z",
			"DTSTART;TZID=America/New_York:20260110T040000\r\nDTEND;TZID=America/New_York:20260110T050000",
			"DTSTART;TZID=Europe/Berlin:20260110T103000\r\nDTEND;TZID=Europe/Berlin:20260110T113000",
			"DTSTART;TZID=Europe/Berlin:20260110T100000\r\nDURATION:PT1H",
			"DTSTART;TZID=Europe/Berlin:20260110T100000\r\nDTEND;TZID=Europe/Berlin:20260110T120000",
		},
		{"SUMMARY:s", "SUMMARY:t", "SUMMARY;LANGUAGE=de:s", "SUMMARY;ALTREP=\"http://example.org/x\":s"},
		{"DESCRIPTION:d", "DESCRIPTION:e", "DESCRIPTION;ALTREP=\"http://example.org/x\":d", ""},
		{"X-ALT-DESC;FMTTYPE=text/html:<p>d</p>", "X-ALT-DESC;FMTTYPE=text/html:<p>e</p>", ""},
		{"LOCATION:l", "LOCATION:m", ""},
		{"GEO:1;2", "GEO:1;3", ""},
		{"URL:https://example.org/a", "URL:https://example.org/b", ""},
		{"CATEGORIES:a,b", "CATEGORIES:a", "CATEGORIES;LANGUAGE=x:a,b"},
		{"PRIORITY:1", "PRIORITY:2", "PRIORITY:5", "PRIORITY:9"},
		{"X-MICROSOFT-CDO-IMPORTANCE:1", "X-MICROSOFT-CDO-IMPORTANCE:2"},
		{"CLASS:PUBLIC", "CLASS:PRIVATE", "CLASS:CONFIDENTIAL", "CLASS:X-SECRET"},
		{"STATUS:CONFIRMED", "STATUS:TENTATIVE", "STATUS:CANCELLED", "STATUS:X-FOO"},
		{"TRANSP:OPAQUE", "TRANSP:TRANSPARENT"},
		{"X-MICROSOFT-CDO-BUSYSTATUS:BUSY", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"},
		{"RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY;COUNT=11", "RRULE:FREQ=WEEKLY;UNTIL=20261001T080000Z"},
		{"EXDATE;TZID=Europe/Berlin:20260117T100000", "EXDATE;TZID=Europe/Berlin:20260124T100000", "EXDATE;TZID=Europe/Berlin:20260117T100000,20260124T100000", ""},
		{
			"RDATE;TZID=Europe/Berlin:20260118T100000", "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260118T100000/PT3H",
			"RDATE;VALUE=PERIOD:20260201T100000Z/PT8H", "",
		},
		{"ORGANIZER;CN=O:mailto:o@example.org", "ORGANIZER;CN=P:mailto:o@example.org", "ORGANIZER;CN=O;SENT-BY=\"mailto:x@example.org\":mailto:o@example.org"},
		{
			"ATTENDEE;CN=A;PARTSTAT=ACCEPTED:mailto:a@example.org", "ATTENDEE;CN=A;PARTSTAT=DECLINED:mailto:a@example.org",
			"ATTENDEE;CN=A;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:a@example.org", "ATTENDEE;CN=A;PARTSTAT=ACCEPTED;ROLE=CHAIR:mailto:a@example.org",
			"ATTENDEE;CN=A;PARTSTAT=ACCEPTED;CUTYPE=ROOM:mailto:a@example.org",
			"ATTENDEE;CN=A;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:z@example.org\":mailto:a@example.org", "",
		},
		{"ATTENDEE;CN=B:mailto:b@example.org", "ATTENDEE;CN=B;PARTSTAT=TENTATIVE:mailto:b@example.org", ""},
		{"COLOR:red", "COLOR:blue"},
		{"X-A:1", "X-A:2", ""},
		{"X-CRM-FOO:1", "X-CRM-FOO:2", ""},
		{"X-CRM-OWNER:a", "X-CRM-OWNER:b"},
		{"CONTACT:c", "CONTACT:d"},
		{"COMMENT:c", "COMMENT:d"},
		{alarm("5M"), alarm("6M"), ""},
		{
			"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260131T100000\r\nDTSTART;TZID=Europe/Berlin:20260131T110000\r\nSUMMARY:o",
			"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260131T100000\r\nDTSTART;TZID=Europe/Berlin:20260131T110000\r\nSUMMARY:p",
			"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260131T100000\r\nDTSTART;TZID=Europe/Berlin:20260131T110000\r\nSUMMARY:o\r\nX-A:7", "",
		},
	}
}

func taskSlots() []slot {
	return []slot{
		{"DUE:20260110T100000Z", "DUE;TZID=Europe/Berlin:20260110T110000", "DUE:20260111T100000Z", ""},
		{"SUMMARY:s", "SUMMARY:t"},
		{"STATUS:NEEDS-ACTION", "STATUS:IN-PROCESS", "STATUS:COMPLETED", "STATUS:X-WAIT"},
		{"PERCENT-COMPLETE:10", "PERCENT-COMPLETE:50", ""},
		{"", "COMPLETED:20260109T100000Z"},
		{"X-CRM-EFFORT:PT1H", "X-CRM-EFFORT:PT2H", "X-CRM-EFFORT;X-A=1:PT1H"},
		{"X-CRM-TYPE:call", "X-CRM-TYPE;LANGUAGE=de:call", "X-CRM-TYPE:visit"},
		{"RELATED-TO:x", "RELATED-TO:y", "RELATED-TO:x\r\nRELATED-TO:y"},
	}
}

// textOfSlots is a text with the alternatives that are picked, else the first.
func textOfSlots(head, foot string, slots []slot, pick map[int]int) string {
	var b strings.Builder
	b.WriteString(head)
	for i, s := range slots {
		if l := s[pick[i]]; l != "" {
			b.WriteString(l + "\r\n")
		}
	}
	return b.String() + foot
}

// meaning are the lines of a text in order of the alphabet, each inside of its component and with the label of its group,
// but for those that every save changes. It knows nothing of how programs spell: a merge keeps spellings.
func meaning(text string) []string {
	all := strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n ", ""), "\r\n"), "\r\n")
	labels := map[string]string{}
	for _, l := range all {
		if group, label, ok := strings.Cut(l, ".X-ABLABEL:"); ok {
			labels[group] += " [" + label + "]"
		}
	}
	var out, path []string
	zone := false
	for _, l := range all {
		name, value, _ := strings.Cut(l, ":")
		switch {
		case l == "BEGIN:VTIMEZONE", l == "END:VTIMEZONE":
			zone = l == "BEGIN:VTIMEZONE"
		case zone, name == "DTSTAMP", name == "LAST-MODIFIED", name == "SEQUENCE", name == "REV":
		case name == "BEGIN":
			path = append(path, value)
		case name == "END":
			path = path[:len(path)-1]
		case strings.HasPrefix(l, grouped):
			group, rest, _ := strings.Cut(l, ".")
			if !strings.HasPrefix(rest, "X-ABLABEL:") {
				out = append(out, strings.Join(path, "/")+" "+rest+labels[group])
			}
		case strings.HasPrefix(l, "EXDATE"), strings.HasPrefix(l, "CATEGORIES"): // one line or two: as every program likes
			for v := range strings.SplitSeq(value, ",") {
				out = append(out, strings.Join(path, "/")+" "+name+":"+v)
			}
		default:
			out = append(out, strings.Join(path, "/")+" "+l)
		}
	}
	slices.Sort(out)
	return out
}

// pairing is what changes are tried on.
type pairing struct {
	name, head, foot string
	f                *flavor
	slots            []slot
	most             int // per cent of pairs of changes that may collide
}

func pairings() []pairing {
	calendar := func(component string) (string, string) {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:" + component + "\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n",
			"END:" + component + "\r\nEND:VCALENDAR\r\n"
	}
	eventHead, eventFoot := calendar("VEVENT")
	taskHead, taskFoot := calendar("VTODO")
	return []pairing{
		{"card", "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\n", "END:VCARD\r\n", books, cardSlots(), 1},
		{"event", eventHead, eventFoot, calendars, eventSlots(), 5},
		{"task", taskHead, taskFoot, calendars, taskSlots(), 30},
	}
}

func (p pairing) text(pick map[int]int) string { return textOfSlots(p.head, p.foot, p.slots, pick) }

func (p pairing) read(t interface{ Fatalf(string, ...any) }, pick map[int]int) document {
	d, err := p.f.read(p.f, []byte(p.text(pick)), Limits{}.withDefaults())
	if err != nil {
		t.Fatalf("%v: %v", pick, err)
	}
	return d
}

// alone reads the texts with one change each.
func (p pairing) alone(t *testing.T) [][]document {
	out := make([][]document, len(p.slots))
	for i, s := range p.slots {
		out[i] = make([]document, len(s))
		for a := 1; a < len(s); a++ {
			out[i][a] = p.read(t, map[int]int{i: a})
		}
	}
	return out
}

func berlin(t *testing.T) *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// The rule of merging: of two changes to different properties, what comes out is the text with both, to the letter, or
// a collision, of which there is a report. Nothing is lost between.
func TestThreeWayKeepsEveryPairOfChanges(t *testing.T) {
	t.Parallel()
	for _, p := range pairings() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			zone, base, changed := berlin(t), p.read(t, nil), p.alone(t)
			pairs, collided := 0, 0
			every, next := 1, 0
			if testenv.Race {
				every = 7
				next = rand.IntN(every) // others each time
			}
			try := func(i, a, j, b int) {
				if next++; next%every != 0 {
					return
				}
				pairs++
				got := threeWay(base, changed[i][a], changed[j][b], mergeTime, zone)
				if got == nil {
					collided++
					return
				}
				have, want := meaning(string(got.bytes())), meaning(p.text(map[int]int{i: a, j: b}))
				if !slices.Equal(have, want) {
					t.Errorf("%q -> %q with %q -> %q:\n%s\nmissing %q\ntoo much %q", p.slots[i][0], p.slots[i][a], p.slots[j][0], p.slots[j][b],
						got.bytes(), without(want, have), without(have, want))
				}
			}
			for i, s := range p.slots {
				for j, o := range p.slots {
					if i == j || strings.HasPrefix(s[0], grouped) && strings.HasPrefix(o[0], grouped) {
						continue
					}
					for a := 1; a < len(s); a++ {
						for b := 1; b < len(o); b++ {
							try(i, a, j, b)
						}
					}
				}
			}
			t.Logf("%d of %d pairs collide", collided, pairs)
			if 100*collided > p.most*pairs {
				t.Errorf("%d of %d pairs collide", collided, pairs)
			}
		})
	}
}

// Of two changes to one property, what comes out has what either side added and nothing that either removed, or it is
// a collision. Removing and changing always collide, but for things of which there are many.
func TestThreeWayOfOneProperty(t *testing.T) {
	t.Parallel()
	for _, p := range pairings() {
		zone, base, changed := berlin(t), p.read(t, nil), p.alone(t)
		was := meaning(string(base.bytes()))
		for i, s := range p.slots {
			for a := 1; a < len(s); a++ {
				for b := 1; b < len(s); b++ {
					got := threeWay(base, changed[i][a], changed[i][b], mergeTime, zone)
					if got == nil {
						if a == b {
							t.Errorf("%q twice collides", s[a])
						}
						continue
					}
					have := meaning(string(got.bytes()))
					for _, side := range []int{a, b} {
						said := meaning(p.text(map[int]int{i: side}))
						if lost, kept := without(without(said, was), have), without(was, said); len(lost) > 0 || len(without(kept, have)) < len(kept) {
							t.Errorf("%q to %q and %q: %q", s[0], s[a], s[b], without(have, was))
						}
					}
					many := strings.HasPrefix(s[0], "TEL") || strings.HasPrefix(s[0], "EMAIL") || strings.HasPrefix(s[0], "URL")
					if a != b && !many && (s[a] == "" || s[b] == "") && !strings.HasPrefix(s[0], grouped) {
						t.Errorf("%q to %q and %q: a removal is passed over: %q", s[0], s[a], s[b], without(have, was))
					}
				}
			}
		}
	}
}

// The same for any number of changes on both sides.
func TestThreeWayKeepsManyChanges(t *testing.T) {
	t.Parallel()
	for _, p := range pairings() {
		zone, base := berlin(t), p.read(t, nil)
		t.Run(p.name, rapid.MakeCheck(func(t *rapid.T) {
			both, sides := map[int]int{}, [2]map[int]int{{}, {}}
			groups := false
			for range rapid.IntRange(2, 8).Draw(t, "changes") {
				i := rapid.IntRange(0, len(p.slots)-1).Draw(t, "slot")
				shares := strings.HasPrefix(p.slots[i][0], grouped)
				if _, used := both[i]; used || shares && groups {
					continue
				}
				groups = groups || shares
				both[i] = rapid.IntRange(1, len(p.slots[i])-1).Draw(t, "change")
				sides[rapid.IntRange(0, 1).Draw(t, "side")][i] = both[i]
			}
			got := threeWay(base, p.read(t, sides[0]), p.read(t, sides[1]), mergeTime, zone)
			if got == nil {
				return
			}
			if have, want := meaning(string(got.bytes())), meaning(p.text(both)); !slices.Equal(have, want) {
				t.Fatalf("%s\nmissing %q\ntoo much %q", got.bytes(), without(want, have), without(have, want))
			}
		}))
	}
}

// without are the strings of a that are not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}
