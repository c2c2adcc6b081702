package dav

import (
	"fmt"
	"slices"
	"strings"

	"crmbridge/pim/line"
)

// alarms is the unit of all alarms of a component, in a sheet that is compared with any other. Where three texts come
// from one another each alarm is a unit of its own, whose name begins with it: alarms that were there are named by their place in
// the base, others by what they say.
const alarms = "BEGIN/VALARM"

// isAlarm recognises the units of single alarms.
func isAlarm(key string) bool { return strings.HasPrefix(key, alarms+"/") }

// alarmNames are the names that alarms have in three texts, by what they say.
type alarmNames map[string][]string

// nameAlarms makes each alarm of the three a unit of its own.
func nameAlarms(base, host, other *sheet) alarmNames {
	names := alarmNames{}
	was := base.alarms()
	var first []string
	for i := range was {
		first = append(first, fmt.Sprintf("%s/%d", alarms, i))
	}
	for _, s := range []*sheet{base, host, other} {
		keys := first
		if s != base {
			keys = namesFrom(was, first, s.alarms())
		}
		for i, a := range s.alarms() {
			if !slices.Contains(names[a.says], keys[i]) {
				names[a.says] = append(names[a.says], keys[i])
			}
		}
		s.split(keys)
	}
	return names
}

// of is the sheet of what was made of the three.
func (n alarmNames) of(d document) *sheet {
	s := sheetOf(d)
	left := map[string][]string{}
	var keys []string
	for i, a := range s.alarms() {
		if _, begun := left[a.says]; !begun {
			left[a.says] = n[a.says]
		}
		key := fmt.Sprintf("%s/?%d", alarms, i) // of none of them
		if list := left[a.says]; len(list) > 0 {
			key, left[a.says] = list[0], list[1:]
		}
		keys = append(keys, key)
	}
	s.split(keys)
	return s
}

// alarmSaid is an alarm of a sheet.
type alarmSaid struct {
	says, id, trigger string
}

// alarms are those of the main component, in their order.
func (s *sheet) alarms() []alarmSaid {
	u := s.units[alarms]
	if u == nil {
		return nil
	}
	var out []alarmSaid
	for _, p := range u.parts {
		b := p.part.Block
		out = append(out, alarmSaid{says: blockSays(b), id: alarmID(b), trigger: b.Value("ACTION") + " " + b.Value("TRIGGER")})
	}
	return out
}

// alarmID is what programs know an alarm by: RFC 9074 4, and what Apple and Evolution write.
func alarmID(b *line.Block) string {
	for _, name := range []string{"UID", "X-WR-ALARMUID", "X-EVOLUTION-ALARM-UID"} {
		if id := b.Value(name); id != "" {
			return id
		}
	}
	return ""
}

// split makes a unit of each alarm, by those names in their order.
func (s *sheet) split(keys []string) {
	u := s.units[alarms]
	if u == nil {
		return
	}
	delete(s.units, alarms)
	for i, p := range u.parts {
		s.note(keys[i], p, blockSays(p.part.Block))
	}
	for _, k := range keys {
		slices.Sort(s.units[k].says)
	}
}

// namesFrom finds out which of the alarms that were each of these is: the same, the one of its identity, or one that was
// changed: to be told by when it rings, or else by its place. What is none of them was added.
func namesFrom(was []alarmSaid, names []string, now []alarmSaid) []string {
	out, taken := make([]string, len(now)), make([]bool, len(was))
	for _, same := range []func(a, b alarmSaid) bool{
		func(a, b alarmSaid) bool { return a.says == b.says },
		func(a, b alarmSaid) bool { return a.id != "" && a.id == b.id },
		func(a, b alarmSaid) bool { return (a.id == "" || b.id == "") && a.trigger == b.trigger },
		func(a, b alarmSaid) bool { return a.id == "" || b.id == "" },
	} {
		for i, a := range now {
			for j, b := range was {
				if out[i] == "" && !taken[j] && same(a, b) {
					out[i], taken[j] = names[j], true
				}
			}
		}
	}
	added := map[string]int{}
	for i, a := range now {
		if out[i] == "" {
			out[i] = fmt.Sprintf("%s/+%d %s", alarms, added[a.says], a.says)
			added[a.says]++
		}
	}
	return out
}
