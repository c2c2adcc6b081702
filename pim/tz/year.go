package tz

import "time"

// Year is the moment as of which zones are compared and described: the begin of now's year in UTC. So what is made of the same
// objects stays the same all the year, and follows when the rules of a zone change.
func Year(now time.Time) time.Time { return time.Date(now.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC) }
