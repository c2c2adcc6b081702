package auth

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
)

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	h, err := Hash("correct horse", cheap, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !Verify("correct horse", h) || Verify("correct horsf", h) || Verify("", h) {
		t.Error("Verify does not tell the password from others")
	}
	h2, _ := Hash("correct horse", cheap, rand.Reader)
	if h == h2 {
		t.Error("two hashes of one password are equal: no salt")
	}
	if !Weaker(h, DefaultParams) || Weaker(h, cheap) {
		t.Error("Weaker misjudges the costs")
	}
}

func TestVerifyRefusesStrangeHashes(t *testing.T) {
	t.Parallel()
	for _, h := range []string{
		"", "x", "$argon2id$v=19$m=64,t=1,p=1$$", "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		if Verify("", h) {
			t.Errorf("%q verified", h)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, password string
		weak, good     bool
	}{
		{"alice", "secret", false, false},
		{"alice", "secret", true, true},
		{"alice", "", true, false},
		{"alice", "alice12345", false, false},
		{"alice", "aaaaaaaaaaaa", false, false},
		{"alice", "a long enough one", false, true},
		{"alice", "line\nbreak in it", false, false},
		{"alice", strings.Repeat("x1", 600), true, false},
	} {
		if err := CheckPassword(c.name, c.password, c.weak); (err == nil) != c.good {
			t.Errorf("%q weak=%v: %v", c.password, c.weak, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	s, err := NewSecret(rand.Reader)
	if err != nil || len(s) != 39 {
		t.Fatalf("%q, %v", s, err)
	}
	if !bytes.Equal(HashSecret(s), HashSecret(strings.ToUpper(strings.ReplaceAll(s, "-", " ")))) {
		t.Error("writing a secret differently makes it another")
	}
	if Hint(s) != s[35:] {
		t.Error("the hint is not the end")
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, h string) {
		p, salt, key, err := parseHash(h)
		if err == nil && (p.Memory == 0 || len(salt) == 0 || len(key) == 0) {
			t.Errorf("%q passed with nothing in it", h)
		}
	})
}
