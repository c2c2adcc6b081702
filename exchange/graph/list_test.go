package graph_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/remote"
)

// What is deleted between two pages of a listing has no other message passed over.
func TestListOfMailIsWholeWhileMessagesGo(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *graphsim.Options) { o.Calm = true })
	gone := map[remote.ItemID]bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		rec := httptest.NewRecorder()
		r.sim.ServeHTTP(rec, q)
		var p struct{ Value []struct{ ID string } }
		if strings.HasSuffix(q.URL.Path, "/messages") && json.Unmarshal(rec.Body.Bytes(), &p) == nil && len(p.Value) > 10 {
			for _, m := range p.Value[1:4] {
				gone[remote.ItemID(m.ID)] = true
				r.do("DELETE", "/messages/"+m.ID, nil)
			}
		}
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	t.Cleanup(srv.Close)
	m := r.open(exchange.Settings{"graph_url": srv.URL})
	var ids []remote.ItemID
	for range 510 {
		r.clock.Advance(time.Second)
		all, err := r.sim.Deliver(graphsim.Fields{"subject": "letter", "from": graphsim.Fields{"emailAddress": graphsim.Fields{"address": "fay@example.org"}},
			"toRecipients": []any{graphsim.Fields{"emailAddress": graphsim.Fields{"address": ann}}}, "body": graphsim.Fields{"contentType": "text", "content": "x"}}, r.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, remote.ItemID(all[0].ID))
	}
	for _, c := range []remote.CollectionID{inMail(t, m, "Inbox"), exchange.AllMail} {
		refs, err := m.(remote.Lister).List(t.Context(), c, remote.Scope{})
		if err != nil {
			t.Fatal(err)
		}
		listed := map[remote.ItemID]bool{}
		for _, ref := range refs {
			if listed[ref.ID] {
				t.Error("a message is listed twice")
			}
			listed[ref.ID] = true
		}
		for i, id := range ids {
			if !listed[id] && !gone[id] {
				t.Errorf("message %d of %s was passed over", i, c)
			}
		}
	}
	if len(gone) < 6 {
		t.Errorf("only %d were deleted meanwhile", len(gone))
	}
}
