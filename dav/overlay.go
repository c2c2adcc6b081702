package dav

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
)

// overlay is what is stored of a blind write that collides with theirs: the device's text, since the client will believe
// so, with what theirs alone had changed since base. Where that is not possible it is the device's text as it is. lost are
// the fields of theirs that the outcome does not have, for the report; what no field shows is in the report's text only.
func overlay(base, mine, theirs document, now time.Time, zone *time.Location) (out document, lost pim.FieldSet) {
	out = mine
	if base == nil || theirs == nil || mine.kind() == 0 || mine.kind() != theirs.kind() || base.kind() != mine.kind() {
		return out, lost
	}
	m := merger{host: mine, base: inVersionOf(base, mine), other: inVersionOf(theirs, mine), sent: theirs, now: now, zone: zone}
	if m.base == nil || m.other == nil {
		return out, lost
	}
	if o := m.overlay(); o != nil {
		out = o
	}
	return out, m.lost(out)
}

// overlay is nil when the two texts cannot stand in one.
func (m merger) overlay() document {
	base, host, other := sheetOf(m.base), sheetOf(m.host), sheetOf(m.other)
	c := changesOf(base, host, other)
	if len(c.adopted) == 0 {
		return m.host
	}
	moved := slices.Contains(c.contested, schedule) && restarted(base, host, other)
	coarse := m.spliced(host, other, c.adopted)
	if coarse == nil || !m.has(coarse, c) {
		return nil
	}
	if moved {
		return coarse // fields of one series' times mean nothing in another's
	}
	fine := m.refined(coarse)
	if fine == nil || !m.has(fine, c) {
		return coarse
	}
	host = c.names.of(m.host)
	result := c.names.of(fine)
	for _, k := range c.contested { // the device's, or both
		b, h, o, r := base.says(k), host.says(k), other.says(k), result.says(k)
		parted := (k == "N" || k == "ORG") && headsSaid(b) == headsSaid(h) // their parts are fields
		if !slices.Equal(r, h) && (isAlarm(k) || clash(b, h, o, r) || !parted && passes(b, h, r)) {
			return coarse
		}
	}
	return fine
}

// refined merges the fields that share a property both sides changed: a first name from here, a last name from there.
func (m merger) refined(coarse document) document {
	v, ok := m.views()
	if !ok {
		return nil
	}
	have, err := coarse.item(m.zone)
	if err != nil {
		return nil
	}
	want, _ := v.merge()
	for _, f := range pim.Fields(want.Kind()) {
		if f.ID == pim.FieldReminders {
			f.Copy(want, have) // alarms are units: of one that both changed, theirs must not come back beside the device's
		}
	}
	all := pim.AllOf(want.Kind())
	out, err := coarse.apply(want, pim.Diff(have, want, all), m.now, m.zone)
	if err != nil {
		return nil
	}
	if got, err := out.item(m.zone); err != nil || !pim.Equal(got, want, all) {
		return nil
	}
	return out
}

// headsSaid are properties with their parameters, without values.
func headsSaid(says []string) string {
	var heads []string
	for _, s := range says {
		head, _, _ := strings.Cut(s, ":")
		heads = append(heads, head)
	}
	return strings.Join(heads, "\n")
}

// has reports whether out says what the sides agree on, to the letter.
func (m merger) has(out document, c changes) bool {
	result := c.names.of(out)
	for k, want := range c.agreed {
		if !slices.Equal(result.says(k), want) {
			return false
		}
	}
	return true
}

// lost are the fields that other changed since base and that out neither has nor holds merged with what host made of them.
func (m merger) lost(out document) (set pim.FieldSet) {
	v, ok := m.views()
	if !ok {
		return set
	}
	stored, err := out.item(m.zone)
	if err != nil {
		return set
	}
	theirs := pim.Diff(v.base, v.theirs, pim.AllOf(v.mine.Kind()))
	for _, f := range pim.Fields(v.mine.Kind()) {
		if !theirs.Has(f.ID) || f.Equal(stored, v.theirs) {
			continue
		}
		if both := pim.Clone(v.theirs); f.Merge(v.base, v.mine, v.theirs, both) && f.Equal(stored, both) {
			continue
		}
		set = set.With(f)
	}
	return set
}

// views are the typed views with host as mine.
func (m merger) views() (views, bool) {
	var v views
	var ok bool
	v.base, v.mine, v.theirs, ok = itemsOf(m.base, m.host, m.other, m.zone)
	return v, ok
}
