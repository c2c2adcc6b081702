package ews

import (
	"net/http"
	"strings"
	"testing"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Exchange may make a meeting anew when it is accepted (its id is another one then): the new one is told.
func TestMeetingThatIsMadeAnewByAnAnswer(t *testing.T) {
	t.Parallel()
	var f *fake
	f = newFake(t, func(op string, n int, w http.ResponseWriter, _ *http.Request) {
		all := f.of(op)
		switch {
		case op == "CreateItem":
			send(w, 200, success(op, madeItem))
		case strings.Contains(all[n-1].body, `Id="NEW"`):
			send(w, 200, success(op, `<m:Items><t:CalendarItem><t:ItemId Id="NEW" ChangeKey="K2"/><t:Subject>Made anew</t:Subject><t:MyResponseType>Accept</t:MyResponseType></t:CalendarItem></m:Items>`))
		default:
			send(w, 200, success(op, "ErrorItemNotFound|"))
		}
	})
	m := f.open(exchangeSettings("mailbox", "bob@example.org"))
	e := fullEvent()
	e.Attendees[0].Email, e.Attendees[0].Answer = "bob@example.org", "accepted"
	rec, err := m.respond(t.Context(), remote.Ref{ID: "OLD", Version: "K0"}, e, &item{})
	if err != nil || rec.ID != "NEW" || rec.Version != "K2" || rec.Item.(*pim.Event).Title != "Made anew" {
		t.Errorf("%+v, %v", rec, err)
	}
}
