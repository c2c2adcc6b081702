package ewssim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// An id is opaque to clients. It says which mailbox and which thing, and is signed, so that a made-up or shortened one is
// recognised, and long, so that nobody stores it in a small column.
type thing struct {
	kind byte // 'f' folder, 'i' item, 'o' occurrence, 'a' attachment
	box  int  // index of the mailbox
	num  uint64
	sub  int64 // of an occurrence its original start (Unix seconds), of an attachment its number
}

const idHead = "\x00\x03\x24\x00"

func (s *Sim) sign(data []byte) []byte {
	mac := hmac.New(sha256.New, s.secret)
	mac.Write(data)
	return mac.Sum(nil)
}

// encodeID is a thing's id: 152 characters in which case matters.
func (s *Sim) encodeID(t thing) string {
	b := append([]byte(idHead), t.kind)
	b = binary.BigEndian.AppendUint16(b, uint16(t.box))
	b = binary.BigEndian.AppendUint64(b, t.num)
	b = binary.BigEndian.AppendUint64(b, uint64(t.sub))
	sum := s.sign(b)
	b = append(b, s.sign(sum)...) // filler, where the product has the mailbox's GUID and folder
	b = append(b, sum...)
	b = append(b, s.sign(sum[:16])[:27]...) // programs tell ids from names by their length
	return base64.StdEncoding.EncodeToString(b)
}

func (s *Sim) decodeID(id string) (thing, error) {
	b, err := base64.StdEncoding.DecodeString(id)
	if id == "" {
		return thing{}, fail("ErrorInvalidIdEmpty", "Id must be non-empty.")
	}
	if err != nil || len(b) != 23+32+32+27 || string(b[:4]) != idHead || !hmac.Equal(s.sign(b[:23]), b[55:87]) {
		return thing{}, fail("ErrorInvalidIdMalformed", "Id is malformed.")
	}
	return thing{b[4], int(binary.BigEndian.Uint16(b[5:])), binary.BigEndian.Uint64(b[7:]), int64(binary.BigEndian.Uint64(b[15:]))}, nil
}

// encodeKey is the ChangeKey of a version.
func encodeKey(kind byte, version uint64) string {
	b := []byte{9, 0, 0, 0, 0x16, 0, 0, 0, kind}
	b = binary.BigEndian.AppendUint64(b, version)
	b = append(b, 0x5a, 0x7e, 0x11)
	return base64.StdEncoding.EncodeToString(b)
}

// decodeKey reads a ChangeKey; "" is version 0.
func decodeKey(key string) (uint64, error) {
	if key == "" {
		return 0, nil
	}
	b, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(b) != 20 || b[0] != 9 {
		return 0, fail("ErrorInvalidChangeKey", "The change key is invalid.")
	}
	return binary.BigEndian.Uint64(b[9:]), nil
}

// idNode is a t:ItemId, t:FolderId or whatever it is called.
func idNode(name, id, key string) *node {
	if key == "" {
		return el(name, attr{"Id", id})
	}
	return el(name, attr{"Id", id}, attr{"ChangeKey", key})
}

func (s *Sim) itemID(name string, it *item) *node {
	return idNode(name, s.encodeID(thing{'i', it.box.index, it.num, 0}), encodeKey('i', it.key))
}

func (s *Sim) folderID(name string, f *folder) *node {
	return idNode(name, s.encodeID(thing{'f', f.box.index, f.num, 0}), encodeKey('f', f.key))
}
