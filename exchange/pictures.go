package exchange

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Pictures are the parts of a message that its HTML body shows inside itself, by their Content-IDs (RFC 2392).
type Pictures map[string]bool

// PicturesOf reads which parts a body names: in attributes and in style sheets, not in its words.
func PicturesOf(body string) Pictures {
	p := Pictures{}
	z, style := html.NewTokenizer(strings.NewReader(body)), false
	for {
		switch z.Next() {
		case html.ErrorToken: // its end: a text that is in memory has no other errors
			return p
		case html.TextToken:
			if style {
				p.note(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			style = string(name) == "style"
			for more {
				var value []byte
				_, value, more = z.TagAttr()
				p.note(string(value))
			}
		case html.EndTagToken:
			style = false
		}
	}
}

// note takes the URLs with the scheme cid out of the value of an attribute or a style sheet.
func (p Pictures) note(s string) {
	for {
		i := strings.Index(strings.ToLower(s), "cid:")
		if i < 0 {
			return
		}
		word := i > 0 && (s[i-1]|0x20 >= 'a' && s[i-1]|0x20 <= 'z' || s[i-1] >= '0' && s[i-1] <= '9') // "acid:"
		if s = s[i+len("cid:"):]; word {
			continue
		}
		id := s
		if end := strings.IndexAny(s, "\"'<>() \t\r\n"); end >= 0 {
			id = s[:end]
		}
		p[contentKey(id)] = true
		if plain, err := url.PathUnescape(id); err == nil {
			p[contentKey(plain)] = true
		}
	}
}

// Has reports a part that is shown, by its Content-ID, with or without the brackets of its header (RFC 2045 7).
func (p Pictures) Has(contentID string) bool {
	k := contentKey(contentID)
	return k != "" && p[k]
}

// contentKey is a Content-ID to be compared. Mail programs write it in other letters here than there.
func contentKey(id string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(id), "<>"))
}
