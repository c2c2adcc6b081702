package store

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"crmbridge/pim"
)

func TestSyncToken(t *testing.T) {
	t.Parallel()
	c := Collection{Epoch: "abcdefgh", Seq: 42}
	token := SyncToken(c)
	if u, err := url.Parse(token); err != nil || u.Scheme == "" {
		t.Errorf("%s is no URI: %v", token, err)
	}
	for in, want := range map[string]Seq{"": 0, token: 42, SyncTokenAt(c, 0): 0, SyncTokenAt(c, 7): 7} {
		if got, err := ParseSyncToken(c, in); err != nil || got != want {
			t.Errorf("%q: %d, %v", in, got, err)
		}
	}
	for in, want := range map[string]bool{SyncTokenAt(c, 43): true, SyncTokenAt(c, 42) + "0": true, SyncToken(Collection{Epoch: "other", Seq: 43}): false, "43": false} {
		if _, err := ParseSyncToken(c, in); errors.Is(err, ErrTokenAhead) != want {
			t.Errorf("%q: %v", in, err)
		}
	}
	for _, in := range []string{
		"0", "42", " " + token, token + " ", token + "0", strings.ToUpper(token), SyncTokenAt(c, 43), SyncTokenAt(c, -1), tokenPrefix + "abcdefgh:",
		tokenPrefix + "abcdefgh:+7", tokenPrefix + "abcdefgh:07", tokenPrefix + "abcdefgh:0x7", tokenPrefix + "abcdefgh:99999999999999999999",
		SyncToken(Collection{Epoch: "other", Seq: 42}), SyncToken(Collection{Epoch: "", Seq: 42}), "http://example.org/sync/7",
	} {
		if got, err := ParseSyncToken(c, in); !errors.Is(err, pim.ErrCursorGone) {
			t.Errorf("%q: %d, %v", in, got, err)
		}
	}
}

func FuzzParseSyncToken(f *testing.F) {
	f.Add("abcdefgh", int64(42), "urn:crmbridge:sync:abcdefgh:7")
	f.Add("", int64(0), "urn:crmbridge:sync::0")
	f.Add("a:1", int64(9), "urn:crmbridge:sync:a:1:9")
	f.Fuzz(func(t *testing.T, epoch string, seq int64, token string) {
		c := Collection{Epoch: epoch, Seq: Seq(seq)}
		got, err := ParseSyncToken(c, token)
		if err != nil {
			if !errors.Is(err, pim.ErrCursorGone) {
				t.Errorf("unexpected %v", err)
			}
			return
		}
		if token != "" && (SyncTokenAt(c, got) != token || got < 0 || got > c.Seq) {
			t.Errorf("%q was read as %d", token, got)
		}
	})
}
