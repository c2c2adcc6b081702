package likeness

import (
	"slices"
	"time"
)

// events are one when they begin at the same time and are called the same.
func events(a, b Sketch) Likeness {
	var l Likeness
	start := a.at.Equal(b.at) && !a.at.IsZero()
	near := !start && near(a.at, b.at, time.Hour)
	title := titles(a, b)
	say(&l.Reasons, start, "the same start")
	say(&l.Reasons, near, "nearly the same start")
	l.called(title)
	switch {
	case start && title == sameTitle:
		l.Score = 0.92
	case start && title == nearTitle:
		l.Score = 0.7
	case start && title == noTitle:
		l.Score = 0.4
	case near && title == sameTitle:
		l.Score = 0.65
	case title == sameTitle:
		l.Score = 0.3
	default:
		l.Score = 0.1
	}
	say(&l.Against, !start && !near, "different times")
	if start && !a.end.Equal(b.end) {
		say(&l.Against, true, "different ends")
		l.Score -= 0.07
	}
	l.around(a, b)
	if a.series != b.series {
		// One occurrence and its series, or two series, are not one thing.
		say(&l.Against, true, "they repeat differently")
		l.Score = min(l.Score, 0.5)
	}
	return l
}

// tasks are one when they are called the same and are due at the same time.
func tasks(a, b Sketch) Likeness {
	var l Likeness
	both := !a.at.IsZero() && !b.at.IsZero()
	due := both && (a.at.Equal(b.at) || a.at.Date != b.at.Date && a.at.Time.Truncate(24*time.Hour).Equal(b.at.Time.Truncate(24*time.Hour)))
	title := titles(a, b)
	say(&l.Reasons, due, "due at the same time")
	l.called(title)
	say(&l.Against, both && !due, "due at different times")
	switch {
	case title == sameTitle && due:
		l.Score = 0.92
	case title == sameTitle && !both:
		l.Score = 0.7
	case title == sameTitle:
		l.Score = 0.3
	case title == nearTitle && due:
		l.Score = 0.6
	default:
		l.Score = 0.1
	}
	l.around(a, b)
	if a.series != b.series {
		say(&l.Against, true, "they repeat differently")
		l.Score = min(l.Score, 0.5)
	}
	return l
}

func (l *Likeness) called(t likeTitle) {
	say(&l.Reasons, t == sameTitle, "the same title")
	say(&l.Reasons, t == nearTitle, "nearly the same title")
	say(&l.Against, t == otherTitle, "different titles")
}

// around looks at place and people, which tell two meetings of one name apart.
func (l *Likeness) around(a, b Sketch) {
	if a.place != "" && b.place != "" {
		say(&l.Reasons, a.place == b.place, "the same place")
		if a.place != b.place {
			say(&l.Against, true, "different places")
			l.Score -= 0.1
		}
	}
	if len(a.people) > 0 && len(b.people) > 0 {
		shared := slices.ContainsFunc(a.people, func(p string) bool { return slices.Contains(b.people, p) })
		say(&l.Reasons, shared, "people in common")
		if !shared {
			say(&l.Against, true, "other people")
			l.Score -= 0.2
		}
	}
	l.Score = max(0, l.Score)
}

type likeTitle uint8

const (
	otherTitle likeTitle = iota
	noTitle
	nearTitle
	sameTitle
)

// titles are near when most of their words are the same, and at least two.
func titles(a, b Sketch) likeTitle {
	if len(a.title) == 0 || len(b.title) == 0 {
		return noTitle
	}
	if slices.Equal(a.title, b.title) {
		return sameTitle
	}
	x, y := set(a.title), set(b.title)
	common := 0
	for w := range x {
		if y[w] {
			common++
		}
	}
	if union := len(x) + len(y) - common; common >= 2 && 2*common >= union {
		return nearTitle
	}
	return otherTitle
}

func set(words []string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}
