package ews

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/md5"
	_ "crypto/sha256" // hashes of certificates
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"

	//lint:ignore SA1019 passwords are hashed with it there (MS-NLMP 3.3.1)
	"golang.org/x/crypto/md4"
)

// The messages of NTLMv2 (MS-NLMP), with the binding to the TLS channel (RFC 5929 tls-server-end-point) that Exchange demands since
// its Extended Protection is on by default (2019 CU14, SE).

var ntlmSignature = []byte("NTLMSSP\x00")

// Flags of MS-NLMP 2.2.2.5: Unicode, request target, NTLM, always sign, extended session security, 128 and 56 bit.
const ntlmFlags = 0x00000001 | 0x00000004 | 0x00000200 | 0x00008000 | 0x00080000 | 0x20000000 | 0x80000000

// Ids of the pairs of target information (MS-NLMP 2.2.2.1).
const (
	avEnd             = 0
	avFlags           = 6
	avTimestamp       = 7
	avTargetName      = 9
	avChannelBindings = 10
)

var errChallenge = errors.New("ews: the server's NTLM challenge is not readable")

// ntlmNegotiate is the first message.
func ntlmNegotiate() []byte {
	b := make([]byte, 32)
	copy(b, ntlmSignature)
	binary.LittleEndian.PutUint32(b[8:], 1)
	binary.LittleEndian.PutUint32(b[12:], ntlmFlags)
	binary.LittleEndian.PutUint32(b[20:], 32) // offsets of two empty names
	binary.LittleEndian.PutUint32(b[28:], 32)
	return b
}

// ntlmChallenge is the server's answer to it.
type ntlmChallenge struct {
	raw    []byte
	nonce  []byte // 8 bytes
	target []avPair
	stamp  []byte // 8 bytes; nil when the server tells no time
}

type avPair struct {
	id    uint16
	value []byte
}

func readChallenge(b []byte) (c ntlmChallenge, err error) {
	if len(b) < 48 || !bytes.Equal(b[:8], ntlmSignature) || binary.LittleEndian.Uint32(b[8:]) != 2 {
		return c, errChallenge
	}
	c.raw, c.nonce = b, b[24:32]
	size, at := int(binary.LittleEndian.Uint16(b[40:])), int(binary.LittleEndian.Uint32(b[44:]))
	if at < 0 || at > len(b) || size > len(b)-at {
		return c, errChallenge
	}
	for info := b[at : at+size]; len(info) >= 4; {
		id, n := binary.LittleEndian.Uint16(info), int(binary.LittleEndian.Uint16(info[2:]))
		if n > len(info)-4 {
			return c, errChallenge
		}
		value := info[4 : 4+n]
		if id == avEnd {
			break
		}
		if id == avTimestamp && n == 8 {
			c.stamp = value
		}
		c.target = append(c.target, avPair{id, value})
		info = info[4+n:]
	}
	return c, nil
}

// ntlmLogin is what the third message is made of.
type ntlmLogin struct {
	user, domain, password string
	host                   string            // of the server, for the service's name
	peer                   *x509.Certificate // of the TLS channel; nil without TLS
	nonce                  []byte            // 8 random bytes
	now                    []byte            // 8 bytes FILETIME, for servers that tell no time
}

// ntlmUser splits DOMAIN\user; a name like an address goes without a domain.
func ntlmUser(login string) (user, domain string) {
	if d, u, ok := strings.Cut(login, `\`); ok {
		return u, d
	}
	return login, ""
}

// authenticate is the third message (MS-NLMP 2.2.1.3).
func (l ntlmLogin) authenticate(c ntlmChallenge) []byte {
	key := ntowf(l.user, l.domain, l.password)
	info := l.targetInfo(c)
	stamp := c.stamp
	if stamp == nil {
		stamp = l.now
	}
	nt, session := ntlmResponse(key, c.nonce, l.nonce, stamp, info)
	lm := make([]byte, 24) // MS-NLMP 3.1.5.1.2: zeros where there is a time
	if c.stamp == nil {
		lm = append(mac(key, c.nonce, l.nonce), l.nonce...)
	}
	const head = 88
	b := make([]byte, head)
	copy(b, ntlmSignature)
	binary.LittleEndian.PutUint32(b[8:], 3)
	for i, part := range [][]byte{lm, nt, utf16le(l.domain), utf16le(l.user), nil, nil} {
		field := b[12+8*i:]
		binary.LittleEndian.PutUint16(field, uint16(len(part)))
		binary.LittleEndian.PutUint16(field[2:], uint16(len(part)))
		binary.LittleEndian.PutUint32(field[4:], uint32(len(b)))
		b = append(b, part...)
	}
	binary.LittleEndian.PutUint32(b[60:], ntlmFlags)
	if c.stamp != nil { // the message integrity code, over all three
		copy(b[72:88], mac(session, ntlmNegotiate(), c.raw, b))
	}
	return b
}

// targetInfo is the server's, with what ties the answer to this channel and service.
func (l ntlmLogin) targetInfo(c ntlmChallenge) []byte {
	pairs := append([]avPair(nil), c.target...)
	if c.stamp != nil {
		pairs = append(pairs, avPair{avFlags, []byte{2, 0, 0, 0}}) // there is an integrity code
	}
	if l.peer != nil {
		pairs = append(pairs, avPair{avChannelBindings, channelBinding(l.peer)})
	}
	if l.host != "" {
		pairs = append(pairs, avPair{avTargetName, utf16le("HTTP/" + l.host)})
	}
	var b []byte
	for _, p := range append(pairs, avPair{avEnd, nil}) {
		b = binary.LittleEndian.AppendUint16(b, p.id)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(p.value)))
		b = append(b, p.value...)
	}
	return b
}

// ntlmResponse is NTLMv2 (MS-NLMP 3.3.2): the response and the session key.
func ntlmResponse(key, serverNonce, nonce, stamp, info []byte) (response, session []byte) {
	blob := append([]byte{1, 1, 0, 0, 0, 0, 0, 0}, stamp...)
	blob = append(append(blob, nonce...), 0, 0, 0, 0)
	blob = append(append(blob, info...), 0, 0, 0, 0)
	proof := mac(key, serverNonce, blob)
	return append(bytes.Clone(proof), blob...), mac(key, proof)
}

// ntowf is NTOWFv2.
func ntowf(user, domain, password string) []byte {
	h := md4.New()
	_, _ = h.Write(utf16le(password))
	return mac(h.Sum(nil), utf16le(strings.ToUpper(user)+domain))
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		_, _ = h.Write(p)
	}
	return h.Sum(nil)
}

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// channelBinding is the hash of gss_channel_bindings_struct (RFC 2743) with the end point's certificate (RFC 5929 4.1): hashed as it
// is signed, but never by anything weaker than SHA-256.
func channelBinding(peer *x509.Certificate) []byte {
	hash := crypto.SHA256
	switch peer.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS:
		hash = crypto.SHA512
	}
	h := hash.New()
	_, _ = h.Write(peer.Raw)
	data := append([]byte("tls-server-end-point:"), h.Sum(nil)...)
	b := make([]byte, 16) // no addresses of either side
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	sum := md5.Sum(append(b, data...))
	return sum[:]
}
