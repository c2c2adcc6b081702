package graphsim

import (
	"html"
	"regexp"
	"strings"
)

// asHTML is a body's content as the service shows it to who asks for nothing: text becomes a page.
func asHTML(body object) string {
	content := text(body["content"])
	if text(body["contentType"]) == "html" {
		if content == "" || strings.Contains(strings.ToLower(content), "<html") {
			return content
		}
		return page(content)
	}
	if content == "" {
		return ""
	}
	return page(strings.ReplaceAll(html.EscapeString(newlines(content)), "\r\n", "<br>\r\n"))
}

func page(content string) string {
	return "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head>\r\n<body>\r\n" + content + "\r\n</body>\r\n</html>\r\n"
}

var (
	breaks = regexp.MustCompile(`(?i)<br\s*/?>|</(p|div|li|tr|h[1-6])>`)
	hidden = regexp.MustCompile(`(?is)<(head|style|script)\b.*?</(head|style|script)>`)
	tags   = regexp.MustCompile(`(?s)<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// asText is a body's content as Prefer: outlook.body-content-type="text" shows it. Lines end in CRLF.
func asText(body object) string {
	content := text(body["content"])
	if text(body["contentType"]) != "html" {
		return newlines(content)
	}
	content = hidden.ReplaceAllString(content, "")
	content = spaces.ReplaceAllString(content, " ")
	content = breaks.ReplaceAllString(content, "\n")
	content = html.UnescapeString(tags.ReplaceAllString(content, ""))
	var lines []string
	for line := range strings.SplitSeq(content, "\n") {
		lines = append(lines, strings.TrimSpace(strings.ReplaceAll(line, "\u00a0", " ")))
	}
	return newlines(strings.TrimSpace(strings.Join(lines, "\n")))
}

func newlines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// preview is the beginning of a body, as bodyPreview has it.
func preview(body object) string {
	r := []rune(asText(body))
	return string(r[:min(len(r), 255)])
}
