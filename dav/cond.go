package dav

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxTags is how many entity tags one header may list.
const maxTags = 64

// tag is one entity tag, without quotes. any is "*".
type tag struct {
	value string
	weak  bool
	any   bool
}

// conditions are the preconditions of a request (RFC 9110 13.1, RFC 4918 10.4), read but not judged: that happens
// in the transaction that writes.
type conditions struct {
	match           []tag // nil: no If-Match
	noneMatch       []tag // nil: no If-None-Match
	modifiedSince   time.Time
	unmodifiedSince time.Time
	ifs             []ifList // nil: no If
}

// state is what conditions are judged against.
type state struct {
	exists   bool
	etag     string
	modified time.Time
	now      time.Time // of the transaction; zero is long after modified
}

// second is when it was modified, as HTTP writes dates.
func (s state) second() time.Time { return s.modified.Truncate(time.Second) }

// dated reports that the second of the last change is over, so that its date names one version only
// (RFC 9110 8.8.2.2). Until then no date is given out, and none is believed.
func (s state) dated() bool {
	return s.now.IsZero() || s.now.Truncate(time.Second).After(s.second())
}

// readConditions reads all preconditions of a request. What cannot be understood at all is 400: guessing at a condition
// could lose somebody's change.
func readConditions(h http.Header, hosts []string) (conditions, error) {
	var c conditions
	var err error
	if c.match, err = readTags(h, "If-Match"); err != nil {
		return c, err
	}
	if c.noneMatch, err = readTags(h, "If-None-Match"); err != nil {
		return c, err
	}
	// RFC 9110 13.1.3, 13.1.4: a date that cannot be read, or that stands beside the tags, is ignored.
	if t, err := http.ParseTime(h.Get("If-Modified-Since")); err == nil && c.noneMatch == nil {
		c.modifiedSince = t
	}
	if t, err := http.ParseTime(h.Get("If-Unmodified-Since")); err == nil && c.match == nil {
		c.unmodifiedSince = t
	}
	switch v := h.Values("If"); len(v) {
	case 0:
	case 1:
		if c.ifs, err = parseIf(v[0], hosts); err != nil {
			return c, badRequest("The If header cannot be read.", err)
		}
	default:
		return c, badRequest("There is more than one If header.", nil)
	}
	return c, nil
}

// readTags reads a list of entity tags; nil when the header is absent, not nil when it holds nothing. What is no
// entity tag, such as the word "nothing" that Thunderbird sends to see whether it may write, is a tag that no
// resource has.
func readTags(h http.Header, name string) ([]tag, error) {
	values := h.Values(name)
	if len(values) == 0 {
		return nil, nil
	}
	tags := []tag{}
	rest := strings.TrimSpace(strings.Join(values, ","))
	for rest != "" {
		var t tag
		if t, rest = nextTag(rest); t != (tag{}) {
			tags = append(tags, t)
		}
		if len(tags) > maxTags {
			return nil, badRequest("Too many entity tags.", fmt.Errorf("dav: %s holds more than %d tags", name, maxTags))
		}
	}
	return tags, nil
}

// nextTag cuts one list element off s.
func nextTag(s string) (t tag, rest string) {
	s = strings.TrimLeft(s, " \t,")
	if v, ok := strings.CutPrefix(s, "W/"); ok {
		t.weak, s = true, v
	}
	if v, ok := strings.CutPrefix(s, `"`); ok {
		t.value, rest, _ = strings.Cut(v, `"`)
		if t.value == "" {
			t.value = `""` // an empty tag is no resource's either
		}
		return t, strings.TrimLeft(rest, " \t,")
	}
	t.value, rest, _ = strings.Cut(s, ",")
	t.value = strings.TrimSpace(t.value)
	t.any = t.value == "*" && !t.weak
	return t, strings.TrimLeft(rest, " \t,")
}

// names reports that the sender said which version of at it means, given that its conditions hold, so that nothing is
// overwritten blindly. "If-Match: *" does not say which, nor does a tag in If-None-Match, and a date says it only to the
// second: what is written under one is compared with what the device saw, as if it had said nothing.
func (c *conditions) names(at target) bool {
	for _, t := range c.match {
		if !t.any {
			return true
		}
	}
	return c.ifNames(at, false)
}

// ifNames is names for the If header alone. Any of its lists may have been the one that held, so all have to name the
// version, or the state of the whole collection (RFC 6578 5). tagged leaves out those about the request's own resource.
func (c *conditions) ifNames(at target, tagged bool) bool {
	for _, l := range c.ifs {
		named := false
		for _, cond := range l.conditions {
			switch {
			case cond.not:
			case !l.tagged:
				named = named || !tagged
			case cond.etag != "":
				named = named || l.known && l.resource == at
			default:
				named = named || l.known && l.resource == at.collection()
			}
		}
		if !named {
			return false
		}
	}
	return c.ifs != nil
}

// holds judges everything but the If header for a method that writes. RFC 9110 13.1.1: If-Match compares strongly.
func (c *conditions) holds(s state) bool {
	if c.match != nil && !matches(c.match, s, false) {
		return false
	}
	if c.noneMatch != nil && matches(c.noneMatch, s, true) {
		return false
	}
	if c.unmodifiedSince.IsZero() || !s.exists {
		return true
	}
	return s.second().Before(c.unmodifiedSince) || s.second().Equal(c.unmodifiedSince) && s.dated()
}

// notModified judges a GET: true asks for 304 (RFC 9110 13.2.2).
func (c *conditions) notModified(s state) bool {
	if c.noneMatch != nil {
		return matches(c.noneMatch, s, true)
	}
	return !c.modifiedSince.IsZero() && s.dated() && !s.second().After(c.modifiedSince)
}

// matches reports whether a tag of the list is that of s. "*" is any version, but not none (RFC 9110 13.1.1).
func matches(tags []tag, s state, weak bool) bool {
	for _, t := range tags {
		if s.exists && (t.any || t.value == s.etag && (weak || !t.weak)) {
			return true
		}
	}
	return false
}

// expected is the version that the sender took for the current one, "" when it named none.
func (c *conditions) expected() string {
	for _, t := range c.match {
		if !t.any && !t.weak {
			return t.value
		}
	}
	for _, l := range c.ifs {
		for _, cond := range l.conditions {
			if cond.etag != "" && !cond.not {
				return cond.etag
			}
		}
	}
	return ""
}
