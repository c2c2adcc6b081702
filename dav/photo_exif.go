package dav

import (
	"encoding/binary"
	"iter"
)

// orientation is that of a JPEG's Exif data (CIPA DC-008 4.6.5.1.6), 1 to 8; 1 where nothing is said.
func orientation(jpeg []byte) int {
	exif := exifOf(jpeg)
	if len(exif) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	switch string(exif[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
	default:
		return 1
	}
	at := int64(order.Uint32(exif[4:]))
	if at+2 > int64(len(exif)) {
		return 1
	}
	entries := exif[at+2:]
	for range order.Uint16(exif[at:]) {
		if len(entries) < 12 {
			break
		}
		// Tag 274, type SHORT, one value, which stands in the entry itself.
		if order.Uint16(entries) == 0x0112 && order.Uint16(entries[2:]) == 3 {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			break
		}
		entries = entries[12:]
	}
	return 1
}

// exifOf finds the TIFF part of the APP1 segment, nil without one.
func exifOf(jpeg []byte) []byte {
	for marker, body := range segments(jpeg) {
		if marker == 0xe1 && len(body) > 6 && string(body[:6]) == "Exif\x00\x00" {
			return body[6:]
		}
	}
	return nil
}

// progressive reports a JPEG whose frame is not of the sequential kinds (ITU T.81 table B.1), or is not found.
func progressive(jpeg []byte) bool {
	for marker := range segments(jpeg) {
		switch marker {
		case 0xc0, 0xc1:
			return false
		case 0xc2:
			return true
		}
	}
	return true
}

// segments are those of a JPEG ahead of the picture itself, which begins with SOS (ITU T.81 B.1.1.4).
func segments(jpeg []byte) iter.Seq2[byte, []byte] {
	return func(yield func(marker byte, body []byte) bool) {
		if len(jpeg) < 4 || jpeg[0] != 0xff || jpeg[1] != 0xd8 {
			return
		}
		for rest := jpeg[2:]; len(rest) >= 4 && rest[0] == 0xff; {
			marker, n := rest[1], int(rest[2])<<8|int(rest[3])
			if marker == 0xda || n < 2 || 2+n > len(rest) || !yield(marker, rest[4:2+n]) {
				return
			}
			rest = rest[2+n:]
		}
	}
}
