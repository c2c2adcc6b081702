package vcf

import (
	"bytes"
	bits "encoding/binary"
	"image"
	"image/gif"
	"image/jpeg"
	"slices"
	"strings"

	"crmbridge/pim/line"
)

// Bounds of a picture in a stored card (SECURITY.md 2, 9).
const (
	MaxPhoto  = 2 << 20    // bytes, decoded
	MaxPixels = 40_000_000 // width times height: a few bytes of PNG can claim billions
)

// MaxImageSize is the precondition that a picture over MaxPhoto breaks. CardDAV has none of its own; the word is that of
// the property in which Apple's programs read the limit.
const MaxImageSize = "max-image-size"

// pictureProps hold pictures.
var pictureProps = [...]string{"PHOTO", "LOGO"}

// Photo is the decoded first inline PHOTO, nil when there is none, it is a reference, or
// cannot be decoded.
func (c *Card) Photo() []byte {
	for _, l := range c.card.All("PHOTO") {
		if data, _, ok := binary(l); ok {
			return data
		}
	}
	return nil
}

// Photos are all of them.
func (c *Card) Photos() [][]byte {
	var out [][]byte
	for _, l := range c.card.All("PHOTO") {
		if data, _, ok := binary(l); ok {
			out = append(out, data)
		}
	}
	return out
}

// MapPhotos gives the card with every inline PHOTO replaced by what f makes of its bytes,
// in the form of the card's version; nil keeps it as it is. When all stay, it is c itself.
func (c *Card) MapPhotos(f func([]byte) []byte) *Card {
	out := c
	for _, l := range c.card.All("PHOTO") {
		data, _, ok := binary(l)
		if !ok {
			continue
		}
		next := f(data)
		if next == nil || bytes.Equal(next, data) {
			continue
		}
		if out == c {
			out = c.clone()
		}
		out.card.Replace(l, withBinary(l, next, imageType(next), c.Version()))
	}
	return out
}

// withBinary is the line with other data, in its group and with what else it says.
func withBinary(l *line.Line, data []byte, mediaType string, v Version) *line.Line {
	fresh := photoLine(l.Name, data, mediaType, v)
	rest := l.WithoutParam("ENCODING", "VALUE", "TYPE", "MEDIATYPE", "")
	return rest.WithParams(append(slices.Clone(rest.Params), fresh.Params...)...).WithValue(fresh.Value)
}

// pictures finds faults in inline pictures. What they are is read from their bytes, as what
// cards say of them is often wrong. Bytes that are no picture we know (HEIC, or rubbish)
// are let through within the bound: nothing here shows them, and a refusal would keep the
// whole contact from being stored.
func (c *Card) pictures(fault func(condition string, no int, text string)) {
	for _, name := range pictureProps {
		for _, l := range c.card.All(name) {
			if declaresMarkup(l) {
				fault(ValidAddressData, l.No, "pictures that are SVG or other markup are not stored")
				continue
			}
			data, _, ok := binary(l)
			switch {
			case !ok:
			case len(data) > MaxPhoto:
				fault(MaxImageSize, l.No, "the picture is larger than 2 MB")
			case isMarkup(data):
				fault(ValidAddressData, l.No, "pictures that are SVG or other markup are not stored")
			default:
				if w, h, ok := pictureSize(data); ok && (w <= 0 || h <= 0 || w > MaxPixels/h) {
					fault(MaxImageSize, l.No, "the picture has more than 40 million pixels")
				}
			}
		}
	}
}

// declaresMarkup looks at what the line says of itself, since a browser believes it even
// where the data cannot be decoded.
func declaresMarkup(l *line.Line) bool {
	words := append(types(l), l.All("MEDIATYPE")...)
	if v := trim(line.Unescape(l.Value)); len(v) >= 5 && strings.EqualFold(v[:5], "data:") {
		head, _, _ := strings.Cut(v[5:], ",")
		words = append(words, head)
	}
	for _, w := range words {
		w = strings.ToLower(w)
		for _, bad := range []string{"svg", "xml", "html", "script"} {
			if strings.Contains(w, bad) {
				return true
			}
		}
	}
	return false
}

// isMarkup reports SVG, XML and HTML, also in UTF-16, and gzip, as which SVG travels too.
func isMarkup(data []byte) bool {
	head := data[:min(len(data), 256)]
	if bytes.HasPrefix(head, []byte{0x1f, 0x8b}) {
		return true
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	head = bytes.TrimPrefix(bytes.TrimPrefix(head, []byte("\xff\xfe")), []byte("\xfe\xff"))
	head = bytes.TrimLeft(head, " \t\r\n\v\f\x00")
	return bytes.HasPrefix(head, []byte("<"))
}

// pictureSize is width and height of a JPEG, PNG, GIF or WebP, by its head; false for what
// is none of them.
func pictureSize(data []byte) (w, h int, ok bool) {
	var cfg image.Config
	var err error
	switch r := bytes.NewReader(data); {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		cfg, err = jpeg.DecodeConfig(r)
	case bytes.HasPrefix(data, []byte("\x89PNG")) && len(data) >= 24:
		// Read here, as image/png refuses sizes that other programs try to make room for.
		return int(bits.BigEndian.Uint32(data[16:])), int(bits.BigEndian.Uint32(data[20:])), true
	case bytes.HasPrefix(data, []byte("GIF8")):
		cfg, err = gif.DecodeConfig(r)
	default:
		return webpSize(data)
	}
	return cfg.Width, cfg.Height, err == nil
}

// webpSize reads the three heads of the WebP container (RFC 9649 2.5 to 2.7).
func webpSize(d []byte) (w, h int, ok bool) {
	if len(d) < 30 || string(d[:4]) != "RIFF" || string(d[8:12]) != "WEBP" {
		return 0, 0, false
	}
	switch b := d[20:]; string(d[12:16]) {
	case "VP8 ":
		return int(b[6]) | int(b[7]&0x3f)<<8, int(b[8]) | int(b[9]&0x3f)<<8, true
	case "VP8L":
		n := uint32(b[1]) | uint32(b[2])<<8 | uint32(b[3])<<16 | uint32(b[4])<<24
		return int(n&0x3fff) + 1, int(n>>14&0x3fff) + 1, true
	case "VP8X":
		return 1 + (int(b[4]) | int(b[5])<<8 | int(b[6])<<16), 1 + (int(b[7]) | int(b[8])<<8 | int(b[9])<<16), true
	}
	return 0, 0, false
}
