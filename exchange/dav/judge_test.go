package dav_test

import (
	"net/http"
	"testing"

	"github.com/emersion/go-webdav"
	"github.com/emersion/go-webdav/caldav"
	"github.com/emersion/go-webdav/carddav"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/remote"
)

// A client that others wrote finds what the driver made on a server that others wrote, and reads it.
func TestAnotherClientReadsWhatWasWritten(t *testing.T) {
	t.Parallel()
	g := radicale(t)
	h := g.open(t)
	url := serve(t, h.front)
	m := open(t, testclock.New(), remote.Settings{"url": url, "username": h.user})
	if _, err := m.Create(t.Context(), remote.CollectionID(h.path+"events/"), remote.Entry{UID: "weekly", Item: itemOf(t, seriesText), Text: []byte(seriesText)}, "key-1"); err != nil {
		t.Fatal(err)
	}
	person := &pim.Contact{FullName: "Karin Håkansson", Given: "Karin", Family: "Håkansson"}
	if _, err := m.Create(t.Context(), remote.CollectionID(h.path+"people/"), remote.Entry{UID: "karin", Item: person}, "key-2"); err != nil {
		t.Fatal(err)
	}

	login := webdav.HTTPClientWithBasicAuth(http.DefaultClient, h.user, "correct horse")
	calendars, err := caldav.NewClient(login, url)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := calendars.QueryCalendar(t.Context(), h.path+"events/", &caldav.CalendarQuery{
		CompRequest: caldav.CalendarCompRequest{Name: "VCALENDAR", AllProps: true, AllComps: true},
		CompFilter:  caldav.CompFilter{Name: "VCALENDAR", Comps: []caldav.CompFilter{{Name: "VEVENT"}}},
	})
	if err != nil || len(objects) != 1 || len(objects[0].Data.Events()) != 2 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	title, err := objects[0].Data.Events()[1].Props.Text("SUMMARY")
	if err != nil || title != "Weekly, later" && title != "Weekly" {
		t.Errorf("%q %v", title, err)
	}
	books, err := carddav.NewClient(login, url)
	if err != nil {
		t.Fatal(err)
	}
	cards, err := books.QueryAddressBook(t.Context(), h.path+"people/", &carddav.AddressBookQuery{DataRequest: carddav.AddressDataRequest{AllProp: true}})
	if err != nil || len(cards) != 1 || cards[0].Card.PreferredValue("FN") != "Karin Håkansson" {
		t.Errorf("%d cards, %v", len(cards), err)
	}
}
