package ews

import (
	"errors"
	"strings"
)

// onlineHosts are those of Exchange Online, in the world and in the national clouds, and of Outlook.com.
var onlineHosts = []string{
	"outlook.office365.com", "outlook.office.com", "outlook.com", "hotmail.com", "office365.com", "protection.outlook.com",
	"outlook.office365.us", "outlook.office.us", "office365.us", "outlook-dod.office365.us", "webmail.apps.mil", "outlook.de", "partner.outlook.cn", "outlook.cn",
}

var errOnline = errors.New("this is Exchange Online, where Exchange Web Services end (blocked since October 2026, shut down in April 2027); connect the mailbox as Microsoft 365, by Graph")

// online refuses Microsoft's own servers.
func online(host string) error {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, h := range onlineHosts {
		if host == h || strings.HasSuffix(host, "."+h) {
			return errOnline
		}
	}
	return nil
}
