package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"crmbridge/pim"
)

// Params are the costs of argon2id (RFC 9106).
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8
}

// DefaultParams follow the second recommendation of RFC 9106 4: 64 MiB, three
// passes; one thread, because many users share the machine.
var DefaultParams = Params{Memory: 64 * 1024, Time: 3, Threads: 1}

const (
	saltLen = 16
	keyLen  = 32
	// maxPassword bounds what is hashed; longer input is refused, not cut.
	maxPassword = 1024
)

// Hash is the PHC string of a password: $argon2id$v=19$m=…,t=…,p=…$salt$key.
func Hash(password string, p Params, random io.Reader) (string, error) {
	salt := make([]byte, saltLen)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("auth: salt: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, keyLen)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Time, p.Threads,
		enc.EncodeToString(salt), enc.EncodeToString(key)), nil
}

// Verify reports whether password has the hash. A hash that cannot be read, ""
// among them, verifies nothing. It takes the time the hash's own costs ask for.
func Verify(password, hash string) bool {
	p, salt, key, err := parseHash(hash)
	if err != nil {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Threads, uint32(len(key))) //nolint:gosec // parseHash bounds it
	return subtle.ConstantTimeCompare(got, key) == 1
}

// Weaker reports whether a hash costs less than p, so that it should be made anew
// when its password is next seen.
func Weaker(hash string, p Params) bool {
	have, _, _, err := parseHash(hash)
	return err != nil || have.Memory < p.Memory || have.Time < p.Time
}

func parseHash(hash string) (p Params, salt, key []byte, err error) {
	bad := func(what string) (Params, []byte, []byte, error) {
		return Params{}, nil, nil, fmt.Errorf("auth: hash: %s", what)
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad("not an argon2id hash")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.Memory, &p.Time, &p.Threads); err != nil {
		return bad("unreadable costs")
	}
	// A hash from a manipulated database must not make us allocate without bound.
	if p.Memory < 8 || p.Memory > 1<<21 || p.Time < 1 || p.Time > 64 || p.Threads < 1 {
		return bad("costs out of range")
	}
	enc := base64.RawStdEncoding
	if salt, err = enc.DecodeString(parts[4]); err != nil || len(salt) < 8 || len(salt) > 64 {
		return bad("unreadable salt")
	}
	if key, err = enc.DecodeString(parts[5]); err != nil || len(key) < 16 || len(key) > 64 {
		return bad("unreadable key")
	}
	return p, salt, key, nil
}

// minPassword is the shortest account password, in characters. Length is what
// counts; character classes only make people choose worse ones.
const minPassword = 10

// CheckPassword says what is wrong with a new password for the account name, in
// words for people; nil when nothing is. weak waives all but the technical limits.
func CheckPassword(name, password string, weak bool) error {
	bad := func(format string, args ...any) error {
		return pim.Errorf("auth: password", pim.ErrInvalid, format, args...)
	}
	switch n := utf8.RuneCountInString(password); {
	case password == "":
		return bad("the password is empty")
	case len(password) > maxPassword:
		return bad("the password is longer than %d bytes", maxPassword)
	case !utf8.ValidString(password) || strings.ContainsAny(password, "\x00\r\n"):
		return bad("the password holds characters that cannot be typed")
	case weak:
		return nil
	case n < minPassword:
		return bad("the password has %d characters, at least %d are needed", n, minPassword)
	}
	lower := strings.ToLower(password)
	if name != "" && strings.Contains(lower, strings.ToLower(name)) && len(lower) < len(name)+minPassword {
		return bad("the password is little more than the account's name; take one without it, or with at least %d more characters", minPassword)
	}
	if strings.Count(lower, lower[:1]) == len(lower) {
		return bad("the password is one character over and over")
	}
	return nil
}
