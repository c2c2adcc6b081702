package ews

import (
	"bytes"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The numbers of MS-NLMP 4.2.4.
func TestNTLMv2(t *testing.T) {
	t.Parallel()
	key := ntowf("User", "Domain", "Password")
	if want := unhex(t, "0c868a403bfd7a93a3001ef22ef02e3f"); !bytes.Equal(key, want) {
		t.Errorf("NTOWFv2 is %x", key)
	}
	info := func(pairs ...avPair) (b []byte) {
		for _, p := range pairs {
			b = binary.LittleEndian.AppendUint16(b, p.id)
			b = binary.LittleEndian.AppendUint16(b, uint16(len(p.value)))
			b = append(b, p.value...)
		}
		return append(b, 0, 0, 0, 0)
	}(avPair{2, utf16le("Domain")}, avPair{1, utf16le("Server")})
	server, client := unhex(t, "0123456789abcdef"), bytes.Repeat([]byte{0xaa}, 8)
	response, session := ntlmResponse(key, server, client, make([]byte, 8), info)
	if want := unhex(t, "68cd0ab851e51c96aabc927bebef6a1c"); !bytes.Equal(response[:16], want) {
		t.Errorf("the proof is %x", response[:16])
	}
	if want := unhex(t, "8de40ccadbc14a82f15cb0ad0de95ca3"); !bytes.Equal(session, want) {
		t.Errorf("the session key is %x", session)
	}
}

func challengeBytes(stamp []byte) []byte {
	var info []byte
	add := func(id uint16, v []byte) {
		info = binary.LittleEndian.AppendUint16(info, id)
		info = binary.LittleEndian.AppendUint16(info, uint16(len(v)))
		info = append(info, v...)
	}
	add(2, utf16le("Domain"))
	if stamp != nil {
		add(avTimestamp, stamp)
	}
	add(avEnd, nil)
	b := make([]byte, 48)
	copy(b, ntlmSignature)
	binary.LittleEndian.PutUint32(b[8:], 2)
	copy(b[24:], "01234567")
	binary.LittleEndian.PutUint16(b[40:], uint16(len(info)))
	binary.LittleEndian.PutUint32(b[44:], 48)
	return append(b, info...)
}

// With a time in the challenge the third message has an integrity code, zeros for LMv2, and is bound to channel and service.
func TestNTLMBinding(t *testing.T) {
	t.Parallel()
	c, err := readChallenge(challengeBytes([]byte("12345678")))
	if err != nil {
		t.Fatal(err)
	}
	l := ntlmLogin{user: "ann", domain: "EXAMPLE", password: "secret", host: "mail.example.org", peer: &x509.Certificate{Raw: []byte("a certificate")}, nonce: []byte("abcdefgh")}
	b := l.authenticate(c)
	field := func(i int) []byte {
		f := b[12+8*i:]
		at := binary.LittleEndian.Uint32(f[4:])
		return b[at : at+uint32(binary.LittleEndian.Uint16(f))]
	}
	if !bytes.Equal(field(0), make([]byte, 24)) || !bytes.Equal(field(2), utf16le("EXAMPLE")) || !bytes.Equal(field(3), utf16le("ann")) {
		t.Errorf("fields %x %x %x", field(0), field(2), field(3))
	}
	nt := field(1)
	if !bytes.Contains(nt, utf16le("HTTP/mail.example.org")) || !bytes.Contains(nt, channelBinding(l.peer)) {
		t.Error("the response is bound to no channel or no service")
	}
	code := bytes.Clone(b[72:88])
	copy(b[72:88], make([]byte, 16))
	if want := mac(mac(ntowf("ann", "EXAMPLE", "secret"), nt[:16]), ntlmNegotiate(), c.raw, b); !bytes.Equal(code, want) {
		t.Error("the integrity code is not that of the three messages")
	}
	if user, domain := ntlmUser(`EXAMPLE\ann`); user != "ann" || domain != "EXAMPLE" {
		t.Errorf("%q %q", user, domain)
	}
}

func FuzzChallenge(f *testing.F) {
	f.Add(challengeBytes(nil))
	f.Add(challengeBytes([]byte("12345678")))
	f.Add([]byte("NTLMSSP\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := readChallenge(b)
		if err != nil {
			return
		}
		out := ntlmLogin{user: "u", password: "p", nonce: make([]byte, 8), now: make([]byte, 8)}.authenticate(c)
		if len(out) < 88 {
			t.Error("a short message")
		}
	})
}
