package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"crmbridge/pim/tz"
	"crmbridge/store"
)

// edition is part of every ETag. It rises whenever Render makes other bytes of the same
// objects.
const edition = 1

// validators say which version of a feed is served.
type validators struct {
	etag     string    // with quotes
	modified time.Time // in whole seconds
}

// validators are known without reading an object. Everything that Render's result depends
// on is in the ETag, so it is a strong one (RFC 9110 8.8.1) but for the coding: compressed
// or not, the calendar is the same, and programs that see two tags load it twice.
func (s subject) validators(c Calendar, version string) validators {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%d\n%q\n%s %d\n", edition, version, s.col.Epoch, s.col.Seq) // a hash takes everything
	_, _ = fmt.Fprintf(h, "%d %q %t %t %t %d %d\n", s.feed.ID, s.feed.Name, c.Busy, c.Private, c.Alarms, s.feed.PastDays, s.feed.FutureDays)
	_, _ = fmt.Fprintf(h, "%q %t %d\n", c.Zone.Name, c.Outlook, c.Refresh)
	v := validators{modified: s.feed.CreatedAt}
	for _, t := range []time.Time{s.changed, s.user.UpdatedAt} {
		v.modified = latest(v.modified, t)
	}
	// Zones are described as of this year, and a window moves every day.
	year := tz.Year(c.Now)
	_, _ = fmt.Fprintf(h, "%d %d %d", year.Year(), unix(c.From), unix(c.Until))
	v.modified = latest(v.modified, year)
	if !c.From.IsZero() || !c.Until.IsZero() {
		v.modified = latest(v.modified, midnight(c.Now, c.Zone.Loc, 0))
	}
	v.etag = `"` + hex.EncodeToString(h.Sum(nil)[:16]) + `"`
	v.modified = v.modified.UTC().Truncate(time.Second)
	return v
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// notModified judges the conditions of a GET (RFC 9110 13.2.2).
func (v validators) notModified(h http.Header) bool {
	if tags := h.Values("If-None-Match"); len(tags) > 0 {
		for t := range strings.SplitSeq(strings.Join(tags, ","), ",") {
			t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
			// Proxies that compress mark the tag by it.
			if t == "*" || t == v.etag || strings.Replace(t, `-gzip"`, `"`, 1) == v.etag {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(h.Get("If-Modified-Since"))
	return err == nil && !v.modified.After(since)
}

// set writes the validators. Last-Modified counts seconds: within the one of the last
// change it would say of two versions that they are one, so it stays out until that is over.
func (v validators) set(h http.Header, now time.Time) {
	h.Set("ETag", v.etag)
	if now.Sub(v.modified) >= 2*time.Second {
		h.Set("Last-Modified", v.modified.Format(http.TimeFormat))
	}
}

// shut is the status of a feed that serves nothing: 404 when there is none, or not now, 410 (RFC 9110 15.5.11) when it has
// ended and will not come back under this address; 0 when it is open. At 404 Thunderbird goes on to show what it has, at
// 410 it switches the calendar off; so an account that is disabled, which can be undone, is 404.
func (s subject) shut(now time.Time) int {
	switch {
	case s.feed.ID == 0, s.user.ID == 0, s.user.Disabled:
		return http.StatusNotFound
	case s.feed.RevokedAt != nil, s.feed.ExpiresAt != nil && !now.Before(*s.feed.ExpiresAt), s.col.ID == 0: // a deleted calendar
		return http.StatusGone
	case s.col.Home != store.Calendars, s.col.UserID != s.user.ID:
		return http.StatusNotFound
	}
	return 0
}
