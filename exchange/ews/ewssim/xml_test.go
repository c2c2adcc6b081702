package ewssim

import (
	"bytes"
	"testing"
)

// Exchange writes characters that XML 1.0 2.2 does not have as references, which are as forbidden, and none of them as they are.
func TestEscapeForbiddenCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"a\x07b\x00\x1b": "a&#x7;b&#x0;&#x1B;",
		"\uFFFE\uFFFF":   "&#xFFFE;&#xFFFF;",
		"tab\t\nline\r":  "tab\t\nline&#xD;",
		"<ä&\">":         "&lt;ä&amp;&quot;&gt;",
	} {
		var b bytes.Buffer
		escape(&b, text)
		if b.String() != want {
			t.Errorf("escape(%q) = %q, want %q", text, b.String(), want)
		}
	}
}
