package vcf

import (
	"strings"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// imProps are the properties of one messenger each that came before IMPP (RFC 4770).
var imProps = map[string]string{
	"X-SKYPE": "skype", "X-SKYPE-USERNAME": "skype", "X-AIM": "aim", "X-ICQ": "icq", "X-JABBER": "jabber", "X-MSN": "msn",
	"X-YAHOO": "yahoo", "X-GTALK": "gtalk", "X-GOOGLE-TALK": "gtalk", "X-QQ": "qq", "X-GADUGADU": "gadugadu",
	"X-TWITTER": "twitter", "X-MATRIX": "matrix", "X-TELEGRAM": "telegram",
}

// messengers are those of every spelling. Programs write one of them in several ways and
// differ in marking the first choice; they count as one.
func (c *Card) messengers() []slot[pim.Labeled] {
	var out []slot[pim.Labeled]
	at := map[pim.Labeled]int{}
	for _, l := range c.card.All("") {
		v, ok := messengerOf(l)
		if !ok {
			continue
		}
		k := pim.Labeled{Label: v.Label, Value: v.Value}
		i, here := at[k]
		if !here {
			i = len(out)
			at[k] = i
			out = append(out, slot[pim.Labeled]{value: v})
		}
		out[i].value.Preferred = out[i].value.Preferred || v.Preferred
		out[i].lines = append(out[i].lines, l)
	}
	return out
}

// messengerOf reads IMPP or one of the older properties. The service is that of
// X-SERVICE-TYPE, as Apple writes it, else the scheme of the URI.
func messengerOf(l *line.Line) (pim.Labeled, bool) {
	v := pim.Labeled{Label: imProps[l.Name], Value: trim(textOf(l)), Preferred: preferred(l)}
	if l.Name != "IMPP" {
		return v, v.Label != "" && v.Value != ""
	}
	scheme, rest, ok := strings.Cut(v.Value, ":")
	if ok && isScheme(scheme) && trim(rest) != "" {
		v.Label, v.Value = strings.ToLower(scheme), trim(rest)
	}
	if s := strings.ToLower(trim(l.Param("X-SERVICE-TYPE"))); s != "" {
		v.Label = s
	}
	return v, v.Value != ""
}

// isScheme is RFC 3986 3.1.
func isScheme(s string) bool {
	for i, r := range strings.ToLower(s) {
		letter := r >= 'a' && r <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return s != ""
}

// services are the messengers whose URIs have a scheme of another name, and the spelling
// that Apple's programs want.
var services = map[string]struct{ scheme, name string }{
	"skype": {"skype", "Skype"}, "jabber": {"xmpp", "Jabber"}, "gtalk": {"xmpp", "gtalk"}, "facebook": {"xmpp", "Facebook"}, "msn": {"msnim", "MSN"},
	"yahoo": {"ymsgr", "Yahoo"}, "aim": {"aim", "AIM"}, "icq": {"aim", "ICQ"}, "qq": {"x-apple", "QQ"},
}

// newMessenger writes IMPP as Apple and the RFC both understand it.
func newMessenger(v pim.Labeled) *line.Line {
	scheme, name := v.Label, v.Label
	if s, ok := services[v.Label]; ok {
		scheme, name = s.scheme, s.name
	}
	if !isScheme(scheme) {
		scheme = "x-im"
	}
	l := line.New("IMPP", escapeURI(scheme+":"+v.Value))
	if name != "" {
		l = l.WithParam(line.P("X-SERVICE-TYPE", name))
	}
	return l
}
