package graphsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
)

// noDay is the day of what is no occurrence.
const noDay = math.MinInt32

// ref is what an id stands for.
type ref struct {
	kind  kind
	box   uint32
	place uint32 // number of the item's stay in its folder when the id was made; 0 in immutable ids and for folders
	no    uint32
	day   int32 // original day of an occurrence, or noDay
}

// idBytes is what makes ids as long as the service's: 152 characters.
const idBytes = 113

const (
	refBytes = 17
	macBytes = 16
)

// id writes a ref. Ids look like the service's: the regular ones begin with AAMk, the immutable ones with AAkA, they are
// base64 for URLs with padding, and differ in case only somewhere.
func (s *Sim) id(r ref) string {
	head := []byte{0x00, 0x03, 0x24, 0x00}
	if r.place == 0 && r.kind != kindFolder {
		head = []byte{0x00, 0x09, 0x00, 0x2e}
	}
	b := append(make([]byte, 0, idBytes), head...)
	b = append(b, byte(r.kind))
	for _, n := range []uint32{r.box, r.place, r.no, uint32(r.day)} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	sum := s.seal(b)
	for i := 0; len(b) < idBytes; i++ {
		b = append(b, sum[i%len(sum)]^byte(i/len(sum)*101)) // the seal, and more of its kind to the length of an id
	}
	return base64.URLEncoding.EncodeToString(b)
}

// parseID reads an id that this simulator made.
func (s *Sim) parseID(id string) (r ref, ok bool) {
	b, err := base64.URLEncoding.DecodeString(id)
	if err != nil || len(b) != idBytes {
		return ref{}, false
	}
	plain := b[:4+refBytes]
	if !hmac.Equal(s.seal(plain)[:macBytes], b[4+refBytes:4+refBytes+macBytes]) {
		return ref{}, false
	}
	n := func(i int) uint32 { return binary.BigEndian.Uint32(plain[5+4*i:]) }
	return ref{kind: kind(plain[4]), box: n(0), place: n(1), no: n(2), day: int32(n(3))}, true
}

func (s *Sim) seal(b []byte) []byte {
	mac := hmac.New(sha256.New, []byte("ids of "+s.opt.Tenant))
	mac.Write(b)
	return mac.Sum(nil)
}

// changeKey writes the number of a change as the service writes versions, in base64 that is not for URLs.
func (s *Sim) changeKey(box uint32, n uint64) string {
	b := s.seal(binary.BigEndian.AppendUint32(nil, box))[:16]
	b = binary.BigEndian.AppendUint64(b, n)
	return base64.StdEncoding.EncodeToString(b)
}

// etag is a change key as an entity tag.
func etag(changeKey string) string { return `W/"` + changeKey + `"` }
