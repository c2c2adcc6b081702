package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"

	"crmbridge/pim"
)

// Causes of a failed Open.
var (
	// ErrUnknownKey says that a value was sealed with a key that is not in the file.
	ErrUnknownKey = errors.New("secret: sealed with another key")
	// ErrDamaged says that a value was changed, cut, or sealed for another purpose.
	ErrDamaged = errors.New("secret: damaged, or sealed for another purpose")
)

// KeySize is the length of a key in bytes: AES-256.
const KeySize = 32

// A sealed value is: format (1 byte), key id (8), nonce (12), ciphertext, tag (16).
const (
	format    = 1
	idSize    = 8
	nonceSize = 12
	headSize  = 1 + idSize + nonceSize
	tagSize   = 16
)

type keyID [idSize]byte

type key struct {
	id   keyID
	text [KeySize]byte
	aead cipher.AEAD
}

func newKey(b []byte) (key, error) {
	if len(b) != KeySize {
		return key{}, fmt.Errorf("secret: a key has %d bytes, not %d", KeySize, len(b))
	}
	block, err := aes.NewCipher(b)
	if err != nil {
		return key{}, fmt.Errorf("secret: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return key{}, fmt.Errorf("secret: %w", err)
	}
	// The prefix keeps this hash from being any other use's hash of the key.
	sum := sha256.Sum256(append([]byte("crmbridge key id\x00"), b...))
	k := key{id: keyID(sum[:idSize]), aead: aead}
	copy(k.text[:], b)
	return k, nil
}

// Keeper seals and opens. Its methods may be called concurrently.
type Keeper struct {
	random io.Reader
	path   string // "" when there is no file

	mu   sync.RWMutex
	keys []key // the first seals
}

// New makes a keeper of keys that lie in no file: the first seals, all open. A nil
// random is crypto/rand; nonces come from it, so it must never repeat itself with
// the same key.
func New(random io.Reader, keys ...[]byte) (*Keeper, error) {
	if random == nil {
		random = rand.Reader
	}
	if len(keys) == 0 {
		return nil, errors.New("secret: no key")
	}
	k := &Keeper{random: random}
	for _, b := range keys {
		one, err := newKey(b)
		if err != nil {
			return nil, err
		}
		k.keys = append(k.keys, one)
	}
	return k, nil
}

// Seal encrypts plain for a purpose. Two calls never give the same bytes.
func (k *Keeper) Seal(purpose string, plain []byte) ([]byte, error) {
	k.mu.RLock()
	first := k.keys[0]
	k.mu.RUnlock()
	out := make([]byte, headSize, headSize+len(plain)+tagSize)
	out[0] = format
	copy(out[1:], first.id[:])
	nonce := out[1+idSize : headSize]
	if _, err := io.ReadFull(k.random, nonce); err != nil {
		return nil, fmt.Errorf("secret: nonce: %w", err)
	}
	return first.aead.Seal(out, nonce, plain, bound(purpose)), nil
}

// bound is the additional authenticated data (RFC 5116 2.1).
func bound(purpose string) []byte { return append([]byte{format}, purpose...) }

// Open decrypts what Seal made for the same purpose. It fails with pim.ErrInvalid,
// whose cause is ErrUnknownKey or ErrDamaged. A key that another process added to the
// file meanwhile is found.
func (k *Keeper) Open(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) < headSize+tagSize || sealed[0] != format {
		return nil, damaged(purpose)
	}
	one, known := k.find(keyID(sealed[1 : 1+idSize]))
	if !known {
		return nil, &pim.Error{Op: "secret: open " + purpose, Kind: pim.ErrInvalid, Err: ErrUnknownKey,
			Public: "a stored credential was sealed with a key that is not in the key file: restore the key file that belongs to this database, or enter the credential again"}
	}
	plain, err := one.aead.Open(nil, sealed[1+idSize:headSize], sealed[headSize:], bound(purpose))
	if err != nil {
		return nil, damaged(purpose)
	}
	return plain, nil
}

func damaged(purpose string) error {
	return &pim.Error{Op: "secret: open " + purpose, Kind: pim.ErrInvalid, Err: ErrDamaged, Public: "a stored credential is damaged: enter it again"}
}

func (k *Keeper) find(id keyID) (key, bool) {
	if one, ok := k.held(id); ok {
		return one, true
	}
	if k.path == "" || k.reload() != nil {
		return key{}, false
	}
	return k.held(id)
}

func (k *Keeper) held(id keyID) (key, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, one := range k.keys {
		if one.id == id {
			return one, true
		}
	}
	return key{}, false
}

// Reseal gives the value sealed with the first key, and whether that is another
// value than before.
func (k *Keeper) Reseal(purpose string, sealed []byte) (fresh []byte, changed bool, err error) {
	plain, err := k.Open(purpose, sealed)
	if err != nil {
		return nil, false, err
	}
	k.mu.RLock()
	first := k.keys[0].id
	k.mu.RUnlock()
	if keyID(sealed[1:1+idSize]) == first {
		return sealed, false, nil
	}
	fresh, err = k.Seal(purpose, plain)
	return fresh, err == nil, err
}

// Keys is how many keys there are: more than one while a rotation is under way.
func (k *Keeper) Keys() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.keys)
}
