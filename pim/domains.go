package pim

import "strings"

// AnyonesDomain reports a mail domain where anybody can have an address, so that it tells
// nothing of the company somebody works for.
func AnyonesDomain(domain string) bool {
	d := strings.ToLower(strings.TrimSpace(domain))
	switch d {
	case "gmail.com", "googlemail.com", "outlook.com", "live.com", "msn.com", "hotmail.com", "icloud.com", "me.com", "mac.com",
		"aol.com", "mail.com", "email.com", "proton.me", "protonmail.com", "pm.me", "fastmail.com", "zoho.com", "hey.com", "tutanota.com", "tuta.com",
		"mail.ru", "bk.ru", "inbox.ru", "list.ru", "rambler.ru", "ya.ru", "ukr.net", "web.de", "t-online.de", "freenet.de", "posteo.de", "mailbox.org",
		"orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "libero.it", "sapo.pt", "uol.com.br", "bol.com.br", "terra.com.br", "bluewin.ch",
		"telia.com", "comhem.se", "bredband.net", "luukku.com", "kolumbus.fi", "elisanet.fi", "wp.pl", "o2.pl", "onet.pl", "seznam.cz",
		"qq.com", "163.com", "126.com", "sina.com", "naver.com", "daum.net", "comcast.net", "verizon.net", "att.net", "btinternet.com":
		return true
	}
	// Those with a domain in each country.
	for _, name := range []string{"yahoo.", "ymail.", "hotmail.", "outlook.", "live.", "gmx.", "yandex.", "aol."} {
		rest, ok := strings.CutPrefix(d, name)
		if ok && len(rest) >= 2 && len(rest) <= 6 {
			return true
		}
	}
	return false
}
