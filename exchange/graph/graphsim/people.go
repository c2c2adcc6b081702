package graphsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Fields are a resource in the words of the API.
type Fields = map[string]any

// Do does what a person does in Outlook, by the API's own methods and paths ("POST", "/users/ann@example.org/events"):
// checked and followed by mails and notifications like everybody's, but without login, limits, failures or log, and with
// immutable ids. What it returns is the answer's body, nil when there is none.
func (s *Sim) Do(method, path string, body any) (Fields, error) {
	req := &request{method: method, header: http.Header{"Content-Type": {"application/json"}}, host: orText(s.opt.BaseURL, "http://localhost"),
		id: s.newGUID("request"), grant: &grant{local: true, may: []string{UserReadAll}}, raw: "/v1.0" + path}
	req.prefer.immutable = true
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("graphsim: %s %s: %w", method, path, err)
		}
		req.body = text
	}
	p, query, _ := strings.Cut(strings.TrimPrefix(path, "/"), "?")
	req.parseURL(p, query)
	s.mu.Lock()
	defer s.mu.Unlock()
	ans, r := answer{}, req.bad
	if r == nil {
		ans, r = s.resource(req)
	}
	if r != nil {
		return nil, fmt.Errorf("graphsim: %s %s: %d %s: %s", method, path, r.status, r.code, r.message)
	}
	o, ok := ans.body.(object)
	if !ok {
		return nil, nil
	}
	var plain Fields // as JSON has it, so that nothing is shared
	if err := json.Unmarshal([]byte(canonical(o)), &plain); err != nil {
		return nil, fmt.Errorf("graphsim: %s %s: %w", method, path, err)
	}
	return plain, nil
}

// Receive puts a meeting into a user's default calendar that somebody else organises, as an accepted invitation does.
func (s *Sim) Receive(user, organizer string, event Fields) (Fields, error) {
	made, err := s.Do(http.MethodPost, "/users/"+user+"/events", event)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	b := s.boxOf(user)
	r, _ := s.parseID(text(made["id"]))
	it := b.items[r.no]
	it.organizer = object{"emailAddress": object{"name": organizer, "address": organizer}}
	b.bump(it, noDay, s.opt.Now())
	s.mu.Unlock()
	return s.Do(http.MethodGet, "/users/"+user+"/events/"+text(made["id"]), nil)
}

// Move moves an item to another folder of its kind, as a person does by dragging it; mail folders have their well-known names
// too. Its regular id changes, its immutable
// one does not; tasks have regular ones only. It returns the regular id it has now.
func (s *Sim) Move(user, id, folderID string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxOf(user)
	if b == nil {
		return "", fmt.Errorf("graphsim: no user %q", user)
	}
	r, ok := s.parseID(id)
	f, ok2 := s.parseID(folderID)
	it, to := b.items[r.no], b.folders[f.no]
	if named := b.named[strings.ToLower(folderID)]; named != nil {
		to, ok2 = named, true
	}
	if !ok || !ok2 || it == nil || to == nil || to.kind != it.kind {
		return "", fmt.Errorf("graphsim: no such item or folder")
	}
	s.move(it, to)
	return s.itemID(it, noDay, false), nil
}

// move puts an item into another folder. Messages are told of as removed there and made here.
func (s *Sim) move(it *item, to *folder) {
	what := "updated"
	if it.kind == kindMessage && to != it.in {
		s.changed(it.box, it.in, it, noDay, "deleted")
		what = "created"
	}
	to.put(it)
	it.box.bump(it, noDay, s.opt.Now())
	s.changed(it.box, to, it, noDay, what)
}

// SetMailbox says whether a user has a mailbox here: not before it has moved from Exchange Server, and not after it has left.
func (s *Sim) SetMailbox(user string, here bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boxOf(user)
	if b == nil {
		return fmt.Errorf("graphsim: no user %q", user)
	}
	b.user.NoMailbox = !here
	return nil
}
