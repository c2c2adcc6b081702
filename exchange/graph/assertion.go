package graph

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"time"
)

// parseCertificate reads a certificate and its RSA key, in PEM form and any order. The error is in plain words.
func parseCertificate(text []byte) (credential, error) {
	var c credential
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			if c.cert == nil { // the first is the program's own, the rest its issuers'
				c.cert = block.Bytes
			}
		case "PRIVATE KEY", "RSA PRIVATE KEY":
			key, err := parseKey(block.Bytes)
			if err != nil {
				return credential{}, err
			}
			c.key = key
		case "ENCRYPTED PRIVATE KEY":
			return credential{}, errors.New("the private key is encrypted; it is sealed here anyway and must be given without a password")
		}
	}
	if c.cert == nil || c.key == nil {
		return credential{}, errors.New("must hold a certificate and its private key in PEM form")
	}
	cert, err := x509.ParseCertificate(c.cert)
	if err != nil {
		return credential{}, errors.New("the certificate cannot be read")
	}
	if own, ok := cert.PublicKey.(*rsa.PublicKey); !ok || !own.Equal(c.key.Public()) {
		return credential{}, errors.New("certificate and private key do not belong together")
	}
	return c, nil
}

func parseKey(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("the private key cannot be read")
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the private key must be an RSA key")
	}
	return rsaKey, nil
}

// assertionLife is how long an assertion counts; Microsoft asks for five to ten minutes.
const assertionLife = 10 * time.Minute

// assertion is a JWT (RFC 7523 3) that proves the key to the token service at audience. x5t and x5t#S256 (RFC 7515 4.1.7)
// are the thumbprints by which it finds the certificate.
func (c credential) assertion(clientID, audience string, now time.Time, random io.Reader) (string, error) {
	id := make([]byte, 16)
	if _, err := io.ReadFull(random, id); err != nil {
		return "", fmt.Errorf("graph: assertion: %w", err)
	}
	old, fresh := sha1.Sum(c.cert), sha256.Sum256(c.cert)
	head, err := segment(map[string]any{"alg": "PS256", "typ": "JWT", "x5t": b64(old[:]), "x5t#S256": b64(fresh[:])})
	if err != nil {
		return "", err
	}
	claims, err := segment(map[string]any{
		"aud": audience, "iss": clientID, "sub": clientID, "jti": hex.EncodeToString(id),
		// Clocks differ: it counts from a little ago.
		"nbf": now.Add(-time.Minute).Unix(), "iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(head + "." + claims))
	sig, err := c.key.Sign(rand.Reader, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	if err != nil {
		return "", fmt.Errorf("graph: assertion: %w", err)
	}
	return head + "." + claims + "." + b64(sig), nil
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func segment(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("graph: assertion: %w", err)
	}
	return b64(b), nil
}
