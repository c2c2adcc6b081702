package ewssim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // NTLM is made of it
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
)

// handshakes are NTLM logins, which belong to connections (MS-NTHT): the challenge that one was given, and then who it is.
type handshakes struct {
	mu    sync.Mutex
	conns map[string]*handshake
}

type handshake struct {
	challenge []byte
	acct      *account
}

type connKey struct{}

// ConnContext is for http.Server: it gives each connection a name, without which NTLM goes by the remote address.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, rand.Text())
}

func connOf(r *http.Request) string {
	if name, ok := r.Context().Value(connKey{}).(string); ok {
		return name
	}
	return r.RemoteAddr
}

// stillNTLM is who logged in on this connection before.
func (s *Sim) stillNTLM(r *http.Request) *account {
	s.ntlms.mu.Lock()
	defer s.ntlms.mu.Unlock()
	if h := s.ntlms.conns[connOf(r)]; h != nil {
		return h.acct
	}
	return nil
}

// ntlm does one step of a login (MS-NLMP): a negotiate message gets a challenge, an authenticate message is checked.
func (s *Sim) ntlm(r *http.Request, scheme, value string) (*account, *reply) {
	msg, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(msg) < 16 || !bytes.HasPrefix(msg, []byte("NTLMSSP\x00")) {
		return nil, s.unauthorized()
	}
	s.ntlms.mu.Lock()
	defer s.ntlms.mu.Unlock()
	if s.ntlms.conns == nil || len(s.ntlms.conns) > 10_000 {
		s.ntlms.conns = map[string]*handshake{}
	}
	switch binary.LittleEndian.Uint32(msg[8:]) {
	case 1:
		h := &handshake{challenge: make([]byte, 8)}
		rand.Read(h.challenge) // never fails
		s.ntlms.conns[connOf(r)] = h
		return nil, s.unauthorized(scheme + " " + base64.StdEncoding.EncodeToString(s.challenge(h.challenge)))
	case 3:
		h := s.ntlms.conns[connOf(r)]
		if h == nil || h.challenge == nil {
			break
		}
		acct := s.verifyNTLM(msg, h.challenge)
		h.challenge = nil
		if acct != nil {
			h.acct = acct
			return acct, nil
		}
	}
	return nil, s.unauthorized()
}

// challenge is a CHALLENGE_MESSAGE (MS-NLMP 2.2.1.2).
func (s *Sim) challenge(nonce []byte) []byte {
	const flags = 0x1 | 0x4 | 0x200 | 0x8000 | 0x10000 | 0x80000 | 0x800000 | 0x20000000 | 0x80000000
	name := utf16le(s.opt.Domain)
	var info []byte
	pair := func(id uint16, v []byte) {
		info = binary.LittleEndian.AppendUint16(info, id)
		info = binary.LittleEndian.AppendUint16(info, uint16(len(v)))
		info = append(info, v...)
	}
	pair(2, name)
	pair(1, utf16le("MAIL01"))
	pair(4, utf16le("example.org"))
	pair(3, utf16le("mail01.example.org"))
	pair(7, binary.LittleEndian.AppendUint64(nil, uint64(time.Now().UnixNano()/100)+116444736000000000))
	pair(0, nil)
	const head = 56
	b := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	b = field(b, len(name), head)
	b = binary.LittleEndian.AppendUint32(b, flags)
	b = append(b, nonce...)
	b = append(b, make([]byte, 8)...)
	b = field(b, len(info), head+len(name))
	b = append(b, 10, 0, 0x63, 0x45, 0, 0, 0, 15)
	return append(append(b, name...), info...)
}

func field(b []byte, length, offset int) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	return binary.LittleEndian.AppendUint32(b, uint32(offset))
}

func utf16le(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func fromUTF16(b []byte) string {
	var u []uint16
	for i := 0; i+1 < len(b); i += 2 {
		u = append(u, binary.LittleEndian.Uint16(b[i:]))
	}
	return string(utf16.Decode(u))
}

// verifyNTLM checks an AUTHENTICATE_MESSAGE's NTLMv2 response (MS-NLMP 3.3.2); nil refuses. NTLMv1 is refused, as a
// current domain does.
func (s *Sim) verifyNTLM(msg, nonce []byte) *account {
	part := func(at int) []byte {
		if len(msg) < at+8 {
			return nil
		}
		n, off := int(binary.LittleEndian.Uint16(msg[at:])), int(binary.LittleEndian.Uint32(msg[at+4:]))
		if off > len(msg) || off+n > len(msg) {
			return nil
		}
		return msg[off : off+n]
	}
	nt, domain, user := part(20), fromUTF16(part(28)), fromUTF16(part(36))
	if len(nt) < 16+28 || user == "" {
		return nil
	}
	acct := s.accountFor(user)
	if acct == nil || acct.password == "" || (domain != "" && !strings.EqualFold(domain, s.opt.Domain) && !strings.EqualFold(domain, "example.org")) {
		return nil
	}
	hash := md4(utf16le(acct.password))
	key := hmacMD5(hash[:], utf16le(strings.ToUpper(user)+domain))
	proof := hmacMD5(key, append(bytes.Clone(nonce), nt[16:]...))
	if !hmac.Equal(proof, nt[:16]) {
		return nil
	}
	return acct
}

func hmacMD5(key, data []byte) []byte {
	m := hmac.New(md5.New, key)
	m.Write(data)
	return m.Sum(nil)
}

// md4 is the digest of RFC 1320, which NTLM makes of passwords.
func md4(data []byte) [16]byte {
	size := uint64(len(data)) * 8
	data = append(bytes.Clone(data), 0x80)
	for len(data)%64 != 56 {
		data = append(data, 0)
	}
	data = binary.LittleEndian.AppendUint64(data, size)
	h := [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}
	for ; len(data) > 0; data = data[64:] {
		md4Block(&h, data[:64])
	}
	var out [16]byte
	for i, v := range h {
		binary.LittleEndian.PutUint32(out[4*i:], v)
	}
	return out
}

func md4Block(h *[4]uint32, block []byte) {
	var x [16]uint32
	for i := range x {
		x[i] = binary.LittleEndian.Uint32(block[4*i:])
	}
	rounds := []struct {
		f      func(b, c, d uint32) uint32
		add    uint32
		shifts [4]int
		order  [16]int
	}{
		{func(b, c, d uint32) uint32 { return b&c | ^b&d }, 0, [4]int{3, 7, 11, 19}, [16]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
		{func(b, c, d uint32) uint32 { return b&c | b&d | c&d }, 0x5a827999, [4]int{3, 5, 9, 13}, [16]int{0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15}},
		{func(b, c, d uint32) uint32 { return b ^ c ^ d }, 0x6ed9eba1, [4]int{3, 9, 11, 15}, [16]int{0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}},
	}
	v := *h
	for _, r := range rounds {
		for i, k := range r.order {
			a, b, c, d := v[0], v[1], v[2], v[3]
			v = [4]uint32{d, bits.RotateLeft32(a+r.f(b, c, d)+x[k]+r.add, r.shifts[i%4]), b, c}
		}
	}
	for i := range h {
		h[i] += v[i]
	}
}
