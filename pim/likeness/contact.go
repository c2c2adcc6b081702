package likeness

import (
	"cmp"
	"slices"
	"strings"

	"crmbridge/pim"
)

// Likeness is how alike two items are.
type Likeness struct {
	Score float64 // 0 … 1
	// Reasons speak for it, Against it, in words for people, the weightiest first. They
	// show no value of the items.
	Reasons, Against []string
}

// The scores from which on two items are taken for one, and a person is asked.
const (
	Strong = 0.85
	Weak   = 0.55
)

// Compare tells how alike two items are. It does not depend on their order; an item
// that has any content is entirely like itself. Items of two kinds are not alike.
func Compare(a, b Sketch) Likeness {
	switch {
	case a.kind != b.kind || a.print == "" || b.print == "":
		return Likeness{}
	case a.print == b.print:
		return Likeness{Score: 1, Reasons: []string{"everything that is compared is the same"}}
	case a.kind == pim.KindContact:
		return contacts(a, b)
	case a.kind == pim.KindEvent:
		return events(a, b)
	}
	return tasks(a, b)
}

// say adds a reason when it holds.
func say(list *[]string, holds bool, words string) {
	if holds {
		*list = append(*list, words)
	}
}

// contacts: the name and one more sign make a person; each alone is a question.
func contacts(a, b Sketch) Likeness {
	var l Likeness
	name := names(a, b)
	mail := slices.ContainsFunc(a.mails, func(m string) bool { return slices.Contains(b.mails, m) })
	tel := slices.ContainsFunc(a.phones, func(p phone) bool { return slices.ContainsFunc(b.phones, p.same) })
	company := a.company != "" && a.company == b.company
	bothBorn := !a.birthday.IsZero() && !b.birthday.IsZero()
	born := bothBorn && sameDay(a.birthday, b.birthday)
	say(&l.Reasons, mail, "the same e-mail address")
	say(&l.Reasons, tel, "the same telephone number")
	say(&l.Reasons, name == sameName, "the same name")
	say(&l.Reasons, name == nearName, "nearly the same name")
	say(&l.Reasons, born, "the same birthday")
	say(&l.Reasons, company, "the same company")
	say(&l.Against, name == otherName, "different names")
	say(&l.Against, bothBorn && !born, "different birthdays")
	otherMail := len(a.mails) > 0 && len(b.mails) > 0 && !mail
	otherTel := len(a.phones) > 0 && len(b.phones) > 0 && !tel
	otherCompany := a.company != "" && b.company != "" && !company
	say(&l.Against, otherMail, "different e-mail addresses")
	say(&l.Against, otherTel, "different telephone numbers")
	say(&l.Against, otherCompany, "different companies")
	l.Score = person(name, mail, tel, born, company)
	if bothBorn && !born {
		l.Score = min(l.Score, 0.5)
	}
	if !mail && !tel && !born {
		// Namesakes differ in all the rest.
		for _, other := range []bool{otherMail, otherTel, otherCompany} {
			if other {
				l.Score = max(0, l.Score-0.1)
			}
		}
	}
	return l
}

func person(name likeName, mail, tel, born, company bool) float64 {
	switch name {
	case sameName:
		switch {
		case mail && (tel || born || company):
			return 0.98
		case mail:
			return 0.95
		case tel, born:
			return 0.9
		case company:
			return 0.75
		}
		return 0.6
	case nearName:
		switch {
		case mail && (tel || born || company):
			return 0.9
		case mail, tel && (born || company):
			return 0.86
		case tel, born:
			return 0.7
		case company:
			return 0.5
		}
		return 0.4
	case noName:
		switch {
		case mail && (tel || company):
			return 0.9
		case mail:
			return 0.8
		case tel && company:
			return 0.7
		case tel:
			return 0.6
		}
		return 0.2 // a company and somebody who works there
	}
	if name == itsFirm { // whoever works there may share its mailbox and its telephone
		switch {
		case mail && tel:
			return 0.8
		case mail:
			return 0.7
		case tel:
			return Weak
		}
		return 0.2
	}
	// Two people share a mailbox, or an office its telephone.
	if mail && (tel || born) {
		return Weak
	}
	if mail {
		return 0.4
	}
	return 0.1
}

type likeName uint8

const (
	otherName likeName = iota
	itsFirm            // one is an organisation, the other a person
	noName             // at least one has none
	nearName           // a word more, an initial for a name, one word of two
	sameName
)

// names compares two names whatever the order of their words.
func names(a, b Sketch) likeName {
	x, y := a.name, b.name
	if len(x) == 0 || len(y) == 0 {
		if len(x) == 0 && len(y) == 0 && a.company != "" && a.company == b.company {
			return sameName // two records of one organisation
		}
		if len(x) == 0 && len(y) > 0 && a.company != "" || len(y) == 0 && len(x) > 0 && b.company != "" {
			return itsFirm
		}
		return noName
	}
	if slices.Equal(x, y) {
		return sameName
	}
	if c := cmp.Compare(len(x), len(y)); c > 0 || c == 0 && slices.Compare(x, y) > 0 {
		x, y = y, x
	}
	// Each word of the shorter one has to be in the longer one, or an initial of one there.
	whole, free := 0, slices.Clone(y)
	var rest []string
	for _, w := range x {
		if i := slices.Index(free, w); i >= 0 {
			free = slices.Delete(free, i, i+1)
			whole++
		} else {
			rest = append(rest, w)
		}
	}
	for _, w := range rest {
		i := slices.IndexFunc(free, func(o string) bool { return initial(w, o) || initial(o, w) })
		if i < 0 {
			return otherName
		}
		free = slices.Delete(free, i, i+1)
	}
	if whole == 0 {
		return otherName
	}
	return nearName
}

func initial(short, long string) bool {
	return len(short) == 1 && len(long) > 1 && strings.HasPrefix(long, short)
}
