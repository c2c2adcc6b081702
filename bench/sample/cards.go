package sample

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// Book is an address book of any size. Its first Wanted cards, whatever the size,
// are the ones that a search for SearchText finds.
type Book struct{}

// A search with a constant answer.
const (
	Wanted     = 20
	SearchText = "quillfeather"
)

// human is somebody invented.
type human struct{ given, family, mail string }

func person(r *rand.Rand) human {
	return human{given: pick(r, givenNames()), family: pick(r, familyNames()), mail: "p" + strconv.Itoa(r.IntN(1_000_000)) + "@example.org"}
}

// Card is the nth card, n from 0; revision is as in Calendar.Event, in the note.
func (Book) Card(n, revision int) Object {
	r := chance(cardSeed, n)
	o := Object{UID: fmt.Sprintf("%08x-%04x-4%03x-b%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), n)}
	o.Name = o.UID + ".vcf"
	p := person(r)
	if n < Wanted {
		p.family = "Quillfeather"
	}
	t := &text{b: make([]byte, 0, 800)}
	t.line("BEGIN:VCARD")
	t.line("VERSION:3.0")
	t.line("PRODID:-//Example//Example Contacts 1.0//EN")
	t.line("UID:", o.UID)
	t.line("FN:", value(p.given+" "+p.family))
	t.line("N:", value(p.family), ";", value(p.given), ";;;")
	if r.IntN(4) > 0 {
		t.line("ORG:", value(pick(r, companies())))
		t.line("TITLE:", value(pick(r, jobs())))
	}
	t.line("EMAIL;TYPE=INTERNET,WORK:", p.mail)
	if r.IntN(4) == 0 {
		t.line("EMAIL;TYPE=INTERNET,HOME:home.", p.mail)
	}
	reach(t, r)
	note := "Card " + strconv.Itoa(n)
	if r.IntN(3) == 0 {
		note += ". " + pick(r, sentences())
	}
	if revision > 0 {
		note += " Changed " + strconv.Itoa(revision) + " times."
	}
	t.line("NOTE:", value(note))
	t.line("REV:", stamp(revision))
	t.line("END:VCARD")
	o.Text = t.b
	return o
}

// reach adds telephones and addresses.
func reach(t *text, r *rand.Rand) {
	for _, kind := range []string{"CELL", "WORK", "HOME"}[:1+r.IntN(3)] {
		t.line("TEL;TYPE=", kind, ",VOICE:", fmt.Sprintf("+1 %d 555 01%02d", 200+r.IntN(700), r.IntN(100)))
	}
	if r.IntN(5) < 3 {
		a := pick(r, cities())
		t.line("ADR;TYPE=WORK:;;", value(a[0]), ";", value(a[1]), ";;", value(a[2]), ";")
	}
	if r.IntN(5) == 0 {
		t.line("BDAY:", fmt.Sprintf("19%02d-%02d-%02d", 50+r.IntN(50), 1+r.IntN(12), 1+r.IntN(28)))
	}
	if r.IntN(6) == 0 {
		t.line("URL:https://people.example.org/", strconv.Itoa(r.IntN(100_000)))
	}
}
