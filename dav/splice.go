package dav

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim/line"
	"crmbridge/pim/tz"
	"crmbridge/pim/vcf"
)

// adopt puts a unit of another text of the same object in the place of this one's, letter by letter.
func (s *sheet) adopt(other *sheet, key string) {
	var at *spot
	if mine := s.units[key]; mine != nil {
		for i, p := range mine.parts {
			if i == 0 && p.part.Line != nil {
				at = &spot{p.in, line.Part{Line: line.New("X-PLACE", "")}}
				p.in.AddAfter(p.part.Line, at.part.Line)
			}
			s.drop(p)
		}
	}
	if theirs := other.units[key]; theirs != nil {
		for _, p := range theirs.parts {
			s.insert(other, p, at)
		}
	}
	if at != nil {
		at.in.Replace(at.part.Line)
	}
}

// drop takes a line or a block away, and with the last property of a group what speaks of it.
func (s *sheet) drop(p spot) {
	if p.part.Block != nil {
		p.in.RemoveBlock(p.part.Block)
		return
	}
	l := p.part.Line
	p.in.Replace(l)
	if s.card && l.Group != "" && !s.owned(l.Group) {
		for _, a := range s.about[strings.ToLower(l.Group)] {
			s.main.Replace(a)
		}
		delete(s.about, strings.ToLower(l.Group))
	}
}

// insert adds a copy of a part of another text: ahead of the mark at, else behind the lines of its name.
func (s *sheet) insert(other *sheet, p spot, at *spot) {
	into := s.main
	if p.in != other.main {
		into = s.root
	}
	if p.part.Block != nil {
		into.AddBlock(p.part.Block.Fresh())
		return
	}
	l := p.part.Line.WithValue(p.part.Line.Value)
	lines := []*line.Line{l}
	if l.Group != "" && s.card {
		about := other.about[strings.ToLower(l.Group)]
		if isAbout(l) {
			about = nil
		}
		if s.uses(l.Group) {
			l = l.WithGroup(s.freeGroup())
		}
		lines[0] = l
		for _, a := range about {
			lines = append(lines, a.WithGroup(l.Group))
		}
		s.about[strings.ToLower(l.Group)] = lines[1:]
	}
	switch {
	case at != nil && at.in == into:
		into.Replace(at.part.Line, append(lines, at.part.Line)...)
	case into.First(l.Name) != nil:
		same := into.All(l.Name)
		into.AddAfter(same[len(same)-1], lines...)
	default:
		into.Add(lines...)
	}
}

func (s *sheet) uses(group string) bool {
	return slices.ContainsFunc(s.main.All(""), func(l *line.Line) bool { return strings.EqualFold(l.Group, group) })
}

func (s *sheet) freeGroup() string {
	for n := 1; ; n++ {
		if g := "item" + strconv.Itoa(n); !s.uses(g) {
			return g
		}
	}
}

// adoptZones brings the definitions of the zones that came along with times. False when one name means two zones.
func (s *sheet) adoptZones(other *sheet) bool {
	mine, theirs := definedZones(s.root), definedZones(other.root)
	ok := true
	s.root.Walk(func(l *line.Line) bool {
		id := l.Param("TZID")
		have, given := mine[id], theirs[id]
		switch {
		case id == "" || given == nil:
		case have == nil:
			have = given.Fresh()
			mine[id] = have
			s.root.AddBlockAhead(have)
		case blockSays(have) != blockSays(given):
			// RFC 5545 3.8.3.1: a name of the program's own means what its text says. Others mean the same everywhere.
			_, err := tz.Resolve(id)
			ok = ok && err == nil
		}
		return ok
	})
	return ok
}

func definedZones(root *line.Block) map[string]*line.Block {
	out := map[string]*line.Block{}
	for _, b := range root.Blocks("VTIMEZONE") {
		out[b.Value("TZID")] = b
	}
	return out
}

// stamp says when the text was put together, and counts no revision back (RFC 5545 3.8.7.4).
func (s *sheet) stamp(other *sheet, now time.Time) {
	set := func(name, v string) {
		if l := s.main.First(name); l != nil {
			s.main.Replace(l, l.WithValue(v))
		}
	}
	basic := now.UTC().Format("20060102T150405Z")
	set("DTSTAMP", basic)
	set("LAST-MODIFIED", basic)
	if l := s.main.First("REV"); l != nil && strings.Contains(l.Value, "-") {
		basic = now.UTC().Format("2006-01-02T15:04:05Z")
	}
	set("REV", basic)
	mine, _ := strconv.Atoi(s.main.Value("SEQUENCE"))
	if theirs, _ := strconv.Atoi(other.main.Value("SEQUENCE")); theirs > mine {
		s.main.Set(line.New("SEQUENCE", strconv.Itoa(theirs)))
	}
}

// document reads the edited text again; an error when it could not be stored.
func (s *sheet) document() (document, error) {
	root := s.root
	if text := line.NewText(root).Bytes(); !bytes.Contains(text, []byte("\r\n")) {
		root = root.Fresh() // a program that ends lines its own way: one text has one way
	}
	text := line.NewText(root).Bytes()
	f := calendars
	if s.card {
		f = books
	}
	d, err := f.read(f, text, Limits{Object: len(text) + 1, Card: len(text) + 1, Attendees: len(text)}.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("dav: splice: %w", err)
	}
	return d, nil
}

// inVersionOf gives a card in the version of another, nil when that cannot say all that the card does. Other documents
// are themselves.
func inVersionOf(d, as document) document {
	c, ok := d.(cardDocument)
	other, same := as.(cardDocument)
	if !ok || !same || c.Version() == other.Version() {
		return d
	}
	there, err := vcf.Convert(c.Card, other.Version())
	if err != nil {
		return nil
	}
	back, err := vcf.Convert(there, c.Version())
	if err != nil || !sameMeaning(d, cardDocument{back}) {
		return nil
	}
	return cardDocument{there}
}
