package graph_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"crmbridge/exchange"
	"crmbridge/exchange/graph/graphsim"
)

// shares stands before a tenant and makes what is called "Shared" somebody else's, as Microsoft 365 shows what others share.
func shares(sim http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		rec := httptest.NewRecorder()
		sim.ServeHTTP(rec, q)
		body := rec.Body.Bytes()
		var doc map[string]any
		if (strings.Contains(q.URL.Path, "/todo/lists") || strings.HasSuffix(q.URL.Path, "/calendars")) && json.Unmarshal(body, &doc) == nil {
			rows, _ := doc["value"].([]any)
			for _, row := range rows {
				if o, ok := row.(map[string]any); ok && (o["displayName"] == "Shared" || o["name"] == "Shared") {
					o["isOwner"], o["isShared"], o["owner"] = false, true, map[string]any{"name": "Bob Example", "address": "bob@example.org"}
				}
			}
			body, _ = json.Marshal(doc)
		}
		for k, v := range rec.Header() {
			if k != "Content-Length" {
				w.Header()[k] = v
			}
		}
		w.WriteHeader(rec.Code)
		_, _ = bytes.NewReader(body).WriteTo(w)
	})
}

// TestRowC4WhatOthersShare: calendars and lists of others that are shared with the user are told as such, and only these.
func TestRowC4WhatOthersShare(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.do("POST", "/calendars", graphsim.Fields{"name": "Shared"})
	r.do("POST", "/calendars", graphsim.Fields{"name": "Own"})
	r.do("POST", "/todo/lists", graphsim.Fields{"displayName": "Shared"})
	srv := httptest.NewServer(shares(r.sim))
	t.Cleanup(srv.Close)
	cs, err := r.open(exchange.Settings{"login_url": srv.URL, "graph_url": srv.URL}).Collections(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	others := 0
	for _, c := range cs {
		if c.Others != (c.Name == "Shared") {
			t.Errorf("%q of others: %t", c.Name, c.Others)
		}
		if c.Others {
			others++
		}
	}
	if others != 2 || len(cs) < 6 {
		t.Errorf("%d of others among %d", others, len(cs))
	}
}
