package bridge

import (
	"encoding/json"
	"strconv"
	"testing"
)

// Feed is a calendar's address without a login, as "feed add --json" tells it.
type Feed struct {
	ID              int
	Address, Webcal string
}

// AddFeed makes a feed of a user's calendar; options are further flags of "feed add".
func (i *Instance) AddFeed(tb testing.TB, user, calendar string, options ...string) Feed {
	tb.Helper()
	return i.feed(tb, append([]string{"add", "--user", user, "--collection", calendar}, options...)...)
}

// RotateFeed gives a feed a new address.
func (i *Instance) RotateFeed(tb testing.TB, f Feed) Feed {
	tb.Helper()
	return i.feed(tb, "rotate", strconv.Itoa(f.ID))
}

// RevokeFeed ends a feed.
func (i *Instance) RevokeFeed(tb testing.TB, f Feed) {
	tb.Helper()
	i.Run(tb, "", "feed", "revoke", strconv.Itoa(f.ID))
}

func (i *Instance) feed(tb testing.TB, args ...string) (f Feed) {
	tb.Helper()
	out := i.Run(tb, "", append(append([]string{"feed"}, args...), "--json")...)
	if err := json.Unmarshal([]byte(out), &f); err != nil || f.Address == "" {
		tb.Fatalf("feed %v: %v in %s", args, err, out)
	}
	return f
}
