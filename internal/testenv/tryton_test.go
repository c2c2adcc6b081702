package testenv

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// call makes one JSON-RPC call, as the session when there is one.
func (s *TrytonServer) call(t *testing.T, session, method string, params ...any) any {
	t.Helper()
	body, err := json.Marshal(map[string]any{"id": 1, "method": method, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/"+s.Database+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if session != "" {
		request.Header.Set("Authorization", "Session "+base64.StdEncoding.EncodeToString([]byte(session)))
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var reply struct{ Result, Error any }
	if err := json.NewDecoder(answer.Body).Decode(&reply); err != nil || reply.Error != nil {
		t.Fatalf("%s: %v %v", method, err, reply.Error)
	}
	return reply.Result
}

func TestTrytonServersAreSeparate(t *testing.T) {
	t.Parallel()
	count := func(s *TrytonServer, add bool) any {
		login := s.call(t, "", "common.db.login", s.User, map[string]string{"password": s.Password}, "en").([]any)
		session := fmt.Sprintf("%s:%v:%s", s.User, login[0], login[1])
		if add {
			s.call(t, session, "model.party.party.create", []any{map[string]any{"name": "Ann Example"}}, map[string]any{})
		}
		// The other modules are asked only to see that they are there.
		s.call(t, session, "model.project.work.search", []any{}, 0, 1, nil, map[string]any{})
		s.call(t, session, "model.party.relation.all.search", []any{}, 0, 1, nil, map[string]any{})
		return s.call(t, session, "model.party.party.search_count", []any{}, map[string]any{})
	}
	first, second := Tryton(t), Tryton(t)
	if first.URL == second.URL {
		t.Fatal("the same server twice")
	}
	before := count(second, false)
	if got := count(first, true); got != before.(float64)+1 {
		t.Errorf("%v parties after one was added to %v", got, before)
	}
	if got := count(second, false); got != before {
		t.Errorf("the second database has %v parties, had %v", got, before)
	}
}
