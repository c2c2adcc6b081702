package auth

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"slices"
	"strings"
)

// secretBytes of randomness make an app password: 160 bits.
const secretBytes = 20

var secretAlphabet = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// NewSecret makes an app password: 32 characters without those that are easily
// mistaken, in groups of four so that it can be typed on a phone.
func NewSecret(random io.Reader) (string, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("auth: app password: %w", err)
	}
	return groups(secretAlphabet.EncodeToString(b)), nil
}

// groups puts a hyphen after every four characters, so that people keep their place.
func groups(s string) string {
	parts := make([]string, 0, len(s)/4+1)
	for part := range slices.Chunk([]byte(s), 4) {
		parts = append(parts, string(part))
	}
	return strings.Join(parts, "-")
}

// HashSecret is what is stored of an app password. One round is enough for a
// secret that cannot be guessed. Blanks, hyphens and case do not matter.
func HashSecret(secret string) []byte {
	h := sha256.Sum256([]byte(strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(secret))))
	return h[:]
}

// Hint is the end of a secret, by which people tell theirs apart.
func Hint(secret string) string {
	if len(secret) < 4 {
		return ""
	}
	return secret[len(secret)-4:]
}
