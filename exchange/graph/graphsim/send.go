package graphsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Delivered is a copy of a message that lies in a mailbox.
type Delivered struct {
	User              string `json:"user"`
	ID                string `json:"id"` // immutable
	Folder            string `json:"folder"`
	InternetMessageID string `json:"internetMessageId"`
}

// Deliver lets a message arrive: a copy in the Inbox of each recipient who has a mailbox here, and one in Sent Items of the
// sender when that is a mailbox here, all with one internetMessageId. The message is one of the API's, and may have "from",
// "internetMessageId" and "attachments" of any size that a message can have. The zero at is now.
func (s *Sim) Deliver(message Fields, at time.Time) ([]Delivered, error) {
	text, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("graphsim: deliver: %w", err)
	}
	o, err := parseObject(text)
	if err != nil {
		return nil, fmt.Errorf("graphsim: deliver: %w", err)
	}
	if at.IsZero() {
		at = s.opt.Now()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	body, r := s.model.body("message", o)
	var out []Delivered
	if r == nil {
		var files []*attached
		if files, r = s.attachedOf(list(body, "attachments"), at); r == nil {
			out, r = s.post(body, files, sub(sub(body, "from"), "emailAddress"), at, true)
		}
	}
	if r != nil {
		return nil, fmt.Errorf("graphsim: deliver: %d %s: %s", r.status, r.code, r.message)
	}
	return out, nil
}

// post makes the copies of a message: a checked body and files from somebody. Blind copies are known to the sender only.
func (s *Sim) post(body object, files []*attached, from object, at time.Time, keep bool) ([]Delivered, *refusal) {
	body = clone(body)
	if text(body["internetMessageId"]) == "" {
		body["internetMessageId"] = "<" + s.newGUID("message") + "@example.org>"
	}
	address := text(from["address"])
	if !strings.Contains(address, "@") {
		return nil, refuse(http.StatusBadRequest, "ErrorInvalidRecipients", "The sender is not valid.")
	}
	person := object{"displayName": orText(text(from["name"]), address), "mail": address}
	var out []Delivered
	put := func(f *folder, body object, read bool) *refusal {
		it, r := s.newMessage(f, body, files, person)
		if r != nil {
			return r
		}
		it.arrive(at, read)
		s.changed(f.box, f, it, noDay, "created")
		out = append(out, Delivered{User: f.box.user.Name, ID: s.itemID(it, noDay, true), Folder: s.folderID(f), InternetMessageID: text(it.props["internetMessageId"])})
		return nil
	}
	if b := s.boxOf(address); b != nil && keep {
		if r := put(b.named["sentitems"], body, true); r != nil {
			return nil, r
		}
	}
	seen := map[*mailbox]bool{}
	open := overlay(body, nil)
	delete(open, "bccRecipients")
	for _, name := range recipients() {
		for _, v := range list(body, name) {
			b := s.boxOf(text(sub(v.(object), "emailAddress")["address"]))
			if b == nil || seen[b] {
				continue
			}
			seen[b] = true
			if r := put(b.named["inbox"], open, false); r != nil {
				return nil, r
			}
		}
	}
	return out, nil
}

func recipients() []string { return []string{"toRecipients", "ccRecipients", "bccRecipients"} }

// arrive makes a message of a draft.
func (it *item) arrive(at time.Time, read bool) {
	it.props["isDraft"], it.props["isRead"] = false, read
	it.props["sentDateTime"], it.props["receivedDateTime"] = stamp(at.Truncate(time.Second)), stamp(at.Truncate(time.Second))
}

// sendMail answers sendMail: nothing of the message is returned, only that it was taken.
func (s *Sim) sendMail(req *request, b *mailbox, path []string) (answer, *refusal) {
	switch {
	case len(path) > 1:
		return answer{}, noSegment(path[1])
	case req.method != http.MethodPost:
		return answer{}, noMethod()
	}
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	var message object
	keep := true
	for name, v := range o {
		switch ok := false; strings.ToLower(name) {
		case "message":
			if message, ok = v.(object); !ok {
				return answer{}, cannotConvert(v, "microsoft.graph.message")
			}
		case "savetosentitems":
			if keep, ok = v.(bool); !ok {
				return answer{}, cannotConvert(v, "Edm.Boolean")
			}
		default:
			return answer{}, badBody("The parameter '" + name + "' in the request payload is not a valid parameter for the operation 'sendMail'.")
		}
	}
	body, r := s.model.body("message", message)
	if r != nil {
		return answer{}, r
	}
	files, r := s.attachedOf(list(body, "attachments"), s.opt.Now())
	if r != nil {
		return answer{}, r
	}
	return answer{status: http.StatusAccepted}, s.send(b, body, files, keep)
}

// send sends a checked body with its files from a mailbox.
func (s *Sim) send(b *mailbox, body object, files []*attached, keep bool) *refusal {
	if from := text(sub(sub(body, "from"), "emailAddress")["address"]); from != "" && !strings.EqualFold(from, b.user.Name) {
		return refuse(http.StatusForbidden, "ErrorSendAsDenied", "The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account.")
	}
	count := 0
	for _, name := range recipients() {
		count += len(list(body, name))
	}
	if count == 0 {
		return refuse(http.StatusBadRequest, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
	}
	_, r := s.post(body, files, object{"address": b.user.Name, "name": b.user.FullName}, s.opt.Now(), keep)
	return r
}

// sendDraft answers the action send: the draft goes to Sent Items, and copies to its recipients.
func (s *Sim) sendDraft(req *request, it *item) (answer, *refusal) {
	if req.method != http.MethodPost {
		return answer{}, noMethod()
	}
	if r := s.mayUse(req.grant, sendArea(), it.box, true); r != nil {
		return answer{}, r
	}
	if !yes(it.props, "isDraft") {
		return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidOperation", "The message has been sent already.")
	}
	if r := s.send(it.box, it.props, it.files, false); r != nil {
		return answer{}, r
	}
	it.arrive(s.opt.Now(), true)
	s.move(it, it.box.named["sentitems"])
	return answer{status: http.StatusAccepted}, nil
}
