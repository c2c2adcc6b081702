package vcf

import (
	"bytes"
	"slices"
	"strings"

	"crmbridge/pim/line"
)

// unknownType is of data about which nothing is known.
const unknownType = "application/octet-stream"

// imageTypes are the pictures that photos mostly are, the first for unknown ones.
var imageTypes = [...]string{"image/jpeg", "image/png", "image/gif", "image/webp"}

// imageType looks at the first bytes of a picture.
func imageType(b []byte) string {
	if t, ok := sniffed(b); ok {
		return t
	}
	return imageTypes[0]
}

func sniffed(b []byte) (string, bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8")):
		return "image/jpeg", true
	case bytes.HasPrefix(b, []byte("\x89PNG")):
		return "image/png", true
	case bytes.HasPrefix(b, []byte("GIF8")):
		return "image/gif", true
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return "image/webp", true
	}
	return "", false
}

// typeWords are the words of RFC 2426 (3.1.4, 3.7.2) and of programs that are not the second half of the media type. The
// first of a type is the one to write.
var typeWords = [...]struct{ prop, word, mediaType string }{
	{"PHOTO", "jpeg", "image/jpeg"},
	{"PHOTO", "jpg", "image/jpeg"},
	{"LOGO", "jpeg", "image/jpeg"},
	{"LOGO", "jpg", "image/jpeg"},
	{"KEY", "pgp", "application/pgp-keys"},
	{"KEY", "x509", "application/pkix-cert"},
}

// family is what a TYPE in version 3.0 leaves out of the media type.
func family(prop string) string {
	switch prop {
	case "SOUND":
		return "audio/"
	case "KEY":
		return "application/"
	}
	return "image/"
}

// typeWritten is the media type that the TYPE of a property with data says in version 3.0, "" when it says none. Words
// that are labels, such as home, are none; what is no second half of the property's own family is written in full.
func typeWritten(l *line.Line) string {
	for _, t := range types(l) {
		switch {
		case slices.Contains(technical, t), slices.Contains(common, t):
			continue
		case strings.Contains(t, "/"):
			return t
		}
		for _, w := range typeWords {
			if w.prop == l.Name && w.word == t {
				return w.mediaType
			}
		}
		return family(l.Name) + t
	}
	return ""
}

// typeWord is the TYPE for a media type in version 3.0, "" for none.
func typeWord(prop, mediaType string) string {
	if mediaType == "" || mediaType == unknownType {
		return ""
	}
	for _, w := range typeWords {
		if w.prop == prop && w.mediaType == mediaType {
			return strings.ToUpper(w.word)
		}
	}
	sub, ok := strings.CutPrefix(mediaType, family(prop))
	if ok && !slices.Contains(technical, sub) && !slices.Contains(common, sub) && !strings.Contains(sub, "/") {
		return strings.ToUpper(sub)
	}
	return strings.ToUpper(mediaType)
}

// typeOf is the media type of a property's data: a picture's from its bytes where the line names none of the usual ones, as
// what cards say of theirs is often wrong.
func typeOf(name string, data []byte, written string) string {
	if slices.Contains(pictureProps[:], name) && !slices.Contains(imageTypes[:], written) {
		if t, ok := sniffed(data); ok {
			return t
		}
		if written == "" {
			return imageTypes[0]
		}
	}
	if written == "" {
		return unknownType
	}
	return written
}
