package pim

import "strings"

// CompanyCode is the code in the name of a company that is written #CODE#, by which a
// CRM knows it; ok is false for any other text.
func CompanyCode(name string) (code string, ok bool) {
	s := strings.TrimSpace(name)
	if len(s) < 3 || s[0] != '#' || s[len(s)-1] != '#' {
		return "", false
	}
	code = strings.TrimSpace(s[1 : len(s)-1])
	return code, code != "" && !strings.ContainsAny(code, "#\r\n")
}
