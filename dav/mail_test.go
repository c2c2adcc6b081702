package dav_test

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/store"
)

// Messages on their way to a CRM are reached by no address, listed nowhere, and count for nobody's quota.
func TestNoDeviceReachesMail(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const secret = "Confidential offer"
	var o store.Object
	err := s.store.Update(t.Context(), func(tx *store.Tx) error {
		c, err := tx.CreateCollection(store.Collection{UserID: s.auth.users["ann"].ID, Home: store.Mail, Slug: "mail", DisplayName: secret})
		if err != nil {
			return err
		}
		res, err := tx.PutObject(store.Put{Collection: c.ID, Name: "letter.json", UID: "letter@example.org", Kind: pim.KindMessage, Component: "MESSAGE",
			Text: []byte(`{"subject":"` + secret + `"}`), Start: math.MinInt64, End: math.MaxInt64})
		o = res.Object
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	allprop := `<propfind xmlns="DAV:"><allprop/><include><quota-used-bytes/></include></propfind>`
	for _, at := range []string{
		"/dav/mail/ann/mail/", "/dav/mail/ann/mail/letter.json", "/dav/mail/ann/", "/dav/mail/", "/dav/calendars/ann/mail/", "/dav/calendars/ann/mail/letter.json",
		"/dav/addressbooks/ann/mail/", "/dav/addressbooks/ann/mail/letter.json", "/dav/calendars/ann/../../mail/ann/mail/letter.json", "/dav/calendars/ann/%2e%2e/mail/",
		"/dav/occurrences/ann/mail/", "/dav/calendars/ann/calendar/letter.json", "/dav/addressbooks/ann/contacts/letter.json",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, "PROPFIND", "REPORT", "MKCOL", "MOVE"} {
			if (method == http.MethodPut || method == http.MethodDelete || method == "MKCOL") && strings.HasPrefix(at, "/dav/calendars/ann/mail/") {
				continue // a calendar of that name may be made: it is another collection
			}
			res := s.call(method, at, allprop, "Depth: 1", "Destination: /dav/calendars/ann/calendar/taken.ics")
			if strings.Contains(string(res.Body), secret) || res.Status < 300 && strings.Contains(at, "/mail") {
				t.Errorf("%s %s: %d %s", method, at, res.Status, res.Body)
			}
		}
	}
	for _, at := range []string{"/dav/", "/dav/principals/ann/", "/dav/calendars/ann/", "/dav/addressbooks/ann/", "/dav/calendars/ann/calendar/"} {
		res := s.call("PROPFIND", at, allprop, "Depth: 1").want(207)
		if body := string(res.Body); strings.Contains(body, secret) || strings.Contains(body, "/mail") || strings.Contains(body, "letter") {
			t.Errorf("%s shows it: %s", at, body)
		}
	}
	err = s.store.View(t.Context(), func(tx *store.Tx) error {
		now, err := tx.ObjectByID(o.ID)
		if err == nil && (now.Deleted || now.Seq != o.Seq) {
			t.Error("a device changed it")
		}
		used, err2 := tx.UsedBytes(s.auth.users["ann"].ID)
		if used != 0 {
			t.Errorf("%d bytes count for the quota", used)
		}
		if err == nil {
			err = err2
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
