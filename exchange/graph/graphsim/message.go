package graphsim

import (
	"encoding/base64"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// serveMessages answers a collection of messages: a folder's, or those of all folders. Latest come first.
func (s *Sim) serveMessages(req *request, b *mailbox, f *folder, path []string) (answer, *refusal) {
	if len(path) == 0 {
		switch req.method {
		case http.MethodGet:
			return s.page(req, "message", "users('"+b.id+"')/messages", s.rows(req, b.messages(f)))
		case http.MethodPost:
			if f == nil {
				f = b.named["drafts"]
			}
			return s.createDraft(req, f)
		}
		return answer{}, noMethod()
	}
	if at(path, 0) == "delta" {
		if f == nil {
			return answer{}, refuse(http.StatusBadRequest, "ErrorInvalidUrlQuery", "Change tracking is not supported against 'microsoft.graph.message'.")
		}
		return s.delta(req, s.itemSource(req, f, "message"))
	}
	it, _, r := s.find(req, b, f, kindMessage, path[0])
	if r != nil {
		return answer{}, r
	}
	switch at(path, 1) {
	case "":
		return s.serveMessage(req, it)
	case "$value":
		if req.method != http.MethodGet {
			return answer{}, noMethod()
		}
		return answer{status: http.StatusOK, typ: "text/plain", body: s.messageMIME(it)}, nil
	case "attachments":
		return s.serveAttachments(req, it, noDay, path[2:])
	case "move", "copy":
		return s.moveMessage(req, it, at(path, 1) == "copy")
	case "send":
		return s.sendDraft(req, it)
	case "permanentdelete":
		if req.method != http.MethodPost {
			return answer{}, noMethod()
		}
		s.removeMessage(it)
		return noContent(), nil
	}
	return answer{}, noSegment(path[1])
}

// messages are a folder's messages, or all of a mailbox.
func (b *mailbox) messages(f *folder) []*item {
	var all []*item
	if f != nil {
		all = slices.Clone(f.items)
	} else {
		for _, g := range b.list(kindMessage) {
			all = append(all, g.items...)
		}
	}
	slices.SortStableFunc(all, func(a, b *item) int {
		return compare(b.props["receivedDateTime"], a.props["receivedDateTime"])
	})
	return all
}

// efficient checks what Exchange can do at once for a list of messages: what is sorted by has to begin the filter, in the
// same order (user-list-messages).
func (s *Sim) efficient(req *request, typ string) *refusal {
	filter, order := req.query.Get("$filter"), req.query.Get("$orderby")
	if typ != "message" || filter == "" || order == "" {
		return nil
	}
	toks, _ := lex(filter)
	var named []string
	for _, t := range toks {
		name, _, _ := strings.Cut(t, "/")
		if p, ok := s.declared(typ, name); ok && !slices.Contains(named, p) {
			named = append(named, p)
		}
	}
	for i, term := range strings.Split(order, ",") {
		words := strings.Fields(term)
		if len(words) == 0 {
			return nil // it will be refused for that
		}
		name, _, _ := strings.Cut(words[0], "/")
		p, _ := s.declared(typ, name)
		if i >= len(named) || named[i] != p {
			return refuse(http.StatusBadRequest, "InefficientFilter", "The restriction or sort order is too complex for this operation.")
		}
	}
	return nil
}

var deltaFilter = regexp.MustCompile(`(?i)^\s*receivedDateTime\s+g[et]\s+\S+\s*$`)

// deltaOptions checks what tracking the changes of messages has room for (delta-query-messages).
func deltaOptions(req *request, v *view) *refusal {
	order := strings.ToLower(strings.Join(strings.Fields(req.query.Get("$orderby")), " "))
	switch f := req.query.Get("$filter"); {
	case f != "" && !deltaFilter.MatchString(f):
		return refuse(http.StatusBadRequest, "ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes.")
	case order != "" && order != "receiveddatetime desc":
		return refuse(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The $orderby expression is not supported with change tracking.")
	}
	v.change = strings.ToLower(req.query.Get("changetype"))
	if !slices.Contains([]string{"", "created", "updated", "deleted"}, v.change) {
		return refuse(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The value of changeType is invalid.")
	}
	return nil
}

func (s *Sim) serveMessage(req *request, it *item) (answer, *refusal) {
	switch req.method {
	case http.MethodGet:
		return s.show(req, "message", it, noDay, http.StatusOK)
	case http.MethodPatch:
		return s.patchMessage(req, it)
	case http.MethodDelete:
		if r := s.match(req, it, noDay); r != nil {
			return answer{}, r
		}
		if bin := it.box.named["deleteditems"]; it.in != bin {
			s.move(it, bin)
		} else {
			s.removeMessage(it)
		}
		return noContent(), nil
	}
	return answer{}, noMethod()
}

func (s *Sim) removeMessage(it *item) {
	s.changed(it.box, it.in, it, noDay, "deleted")
	it.box.remove(it)
}

func (s *Sim) moveMessage(req *request, it *item, copied bool) (answer, *refusal) {
	to, r := s.destination(req, it.box)
	if r != nil {
		return answer{}, r
	}
	if copied {
		it = s.copyItem(it, to)
	} else {
		s.move(it, to)
	}
	return s.show(req, "message", it, noDay, http.StatusCreated)
}

// messageDefaults are what a message has that nobody said anything about.
func messageDefaults() object {
	return object{"subject": "", "body": object{"contentType": "text", "content": ""}, "toRecipients": []any{}, "ccRecipients": []any{},
		"bccRecipients": []any{}, "replyTo": []any{}, "categories": []any{}, "importance": "normal", "isRead": true, "isDraft": true,
		"flag": object{"flagStatus": "notFlagged"}, "inferenceClassification": "focused", "isDeliveryReceiptRequested": nil,
		"isReadReceiptRequested": false}
}

// lasting are the properties of messages that can be changed at any time, and drafted those of drafts only (message-update).
func lasting() []string {
	return []string{"categories", "flag", "importance", "inferenceClassification", "isDeliveryReceiptRequested", "isRead", "isReadReceiptRequested"}
}

func drafted() []string {
	return []string{"bccRecipients", "body", "ccRecipients", "from", "internetMessageId", "replyTo", "sender", "subject", "toRecipients"}
}

// createDraft answers POST messages.
func (s *Sim) createDraft(req *request, f *folder) (answer, *refusal) {
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	body, r := s.model.body("message", o)
	if r != nil {
		return answer{}, r
	}
	files, r := s.attachedOf(list(body, "attachments"), s.opt.Now())
	if r != nil {
		return answer{}, r
	}
	it, r := s.newMessage(f, body, files, f.box.person())
	if r != nil {
		return answer{}, r
	}
	s.changed(f.box, f, it, noDay, "created")
	return s.show(req, "message", it, noDay, http.StatusCreated)
}

// newMessage makes a draft of a checked body and its files in a folder, from a person unless the body names somebody.
func (s *Sim) newMessage(f *folder, body object, files []*attached, person object) (*item, *refusal) {
	draft := &item{box: f.box, kind: kindMessage, props: messageDefaults(), ext: map[string]extended{}}
	if r := draft.setMessage(body); r != nil {
		return nil, r
	}
	size := len(text(sub(draft.props, "body")["content"]))
	for _, a := range files {
		size += len(a.content)
	}
	if size > s.opt.MaxMessage {
		return nil, tooLarge()
	}
	for _, h := range list(body, "internetMessageHeaders") {
		if !strings.HasPrefix(strings.ToLower(text(h.(object)["name"])), "x-") {
			return nil, refuse(http.StatusBadRequest, "InvalidInternetMessageHeader", "The internet message header name '%s' should start with 'x-' or 'X-'.", text(h.(object)["name"]))
		}
	}
	it := f.box.newItem(kindMessage, s.opt.Now())
	it.props, it.ext = draft.props, draft.ext
	it.props["internetMessageHeaders"] = body["internetMessageHeaders"]
	if typ := body["@odata.type"]; typ != nil { // a message about a meeting
		it.props["@odata.type"], it.props["meetingMessageType"] = typ, body["meetingMessageType"]
	}
	sender := object{"emailAddress": object{"name": person["displayName"], "address": person["mail"]}}
	for _, name := range []string{"from", "sender"} {
		if it.props[name] == nil {
			it.props[name] = clone(sender)
		}
	}
	if text(it.props["internetMessageId"]) == "" {
		it.props["internetMessageId"] = "<" + s.newGUID("message") + "@example.org>"
	}
	it.props["sentDateTime"], it.props["receivedDateTime"] = stamp(s.opt.Now()), stamp(s.opt.Now())
	for _, a := range files {
		it.attach(*a, s.opt.Now())
	}
	f.put(it)
	f.box.bump(it, noDay, s.opt.Now())
	return it, nil
}

// setMessage changes a message by a checked body: all of it or nothing.
func (it *item) setMessage(body object) *refusal {
	props, ext := maps.Clone(it.props), maps.Clone(it.ext)
	if r := setExtended(ext, list(body, "singleValueExtendedProperties")); r != nil {
		return r
	}
	for _, name := range drafted() {
		v, sent := body[name]
		if !sent {
			continue
		}
		if !yes(it.props, "isDraft") {
			return refuse(http.StatusBadRequest, "ErrorInvalidPropertyUpdateSentMessage", "Update operation is invalid for property of a sent message.")
		}
		if v == nil {
			v = messageDefaults()[name]
		}
		props[name] = v
	}
	for _, name := range []string{"toRecipients", "ccRecipients", "bccRecipients"} {
		for _, v := range list(props, name) {
			if e := sub(v.(object), "emailAddress"); !strings.Contains(text(e["address"]), "@") {
				return refuse(http.StatusBadRequest, "ErrorInvalidRecipients", "At least one recipient is not valid.")
			} else if e["name"] == nil {
				e["name"] = e["address"]
			}
		}
	}
	for _, name := range lasting() {
		if v, sent := body[name]; sent {
			if v == nil {
				v = messageDefaults()[name]
			}
			props[name] = v
		}
	}
	b := sub(props, "body")
	props["body"] = object{"contentType": orText(text(b["contentType"]), "text"), "content": text(b["content"])}
	it.props, it.ext = props, ext
	return nil
}

func (s *Sim) patchMessage(req *request, it *item) (answer, *refusal) {
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	body, r := s.model.body("message", o)
	if r != nil {
		return answer{}, r
	}
	if _, sent := body["attachments"]; sent {
		return answer{}, badBody("The navigation property 'attachments' cannot be updated here.")
	}
	if r := s.match(req, it, noDay); r != nil {
		return answer{}, r
	}
	if r := it.setMessage(body); r != nil {
		return answer{}, r
	}
	it.box.bump(it, noDay, s.opt.Now())
	s.changed(it.box, it.in, it, noDay, "updated")
	return s.show(req, "message", it, noDay, http.StatusOK)
}

// message shows a message.
func (s *Sim) message(req *request, it *item, v *view) object {
	out := overlay(it.props, nil)
	delete(out, "internetMessageHeaders")
	key := s.changeKey(it.box.no, it.key)
	id := s.itemID(it, noDay, req.prefer.immutable)
	out["@odata.etag"], out["changeKey"], out["id"] = etag(key), key, id
	out["createdDateTime"], out["lastModifiedDateTime"] = stamp(it.created), stamp(it.modified)
	out["parentFolderId"] = s.folderID(it.in)
	out["body"], out["bodyPreview"] = req.bodyOf(sub(it.props, "body")), preview(sub(it.props, "body"))
	out["hasAttachments"] = shown(it.files)
	thread := s.seal([]byte("thread " + strings.ToLower(threadOf(text(it.props["subject"])))))
	out["conversationId"] = base64.URLEncoding.EncodeToString(thread)
	out["conversationIndex"] = base64.StdEncoding.EncodeToString(thread[:22])
	out["webLink"] = "https://outlook.office365.com/owa/?ItemID=" + strings.ReplaceAll(id, "=", "%3D") + "&exvsurl=1&viewmodel=ReadMessageItem"
	out = v.cut(out, object{"uniqueBody": req.bodyOf(sub(it.props, "body")), "internetMessageHeaders": it.headers()})
	v.addExtended(out, it.ext)
	if v.expand["attachments"] {
		out["attachments"] = s.attachmentList(req, it, noDay, v.files)
	}
	if v.expand["extensions"] {
		out["extensions"] = []any{}
	}
	return out
}

var answerMark = regexp.MustCompile(`(?i)^((re|fw|fwd|aw|wg)\s*:\s*)+`)

// threadOf is a subject without what answers put before it.
func threadOf(subject string) string {
	return strings.TrimSpace(answerMark.ReplaceAllString(strings.TrimSpace(subject), ""))
}

// headers are what a message came with, which comes only when it is named; drafts have none but their own.
func (it *item) headers() []any {
	var out []any
	if !yes(it.props, "isDraft") {
		out = append(out, object{"name": "Message-ID", "value": it.props["internetMessageId"]}, object{"name": "Subject", "value": it.props["subject"]},
			object{"name": "Date", "value": it.sent().Format(time.RFC1123Z)})
	}
	return append(out, list(it.props, "internetMessageHeaders")...)
}

func (it *item) sent() time.Time {
	t, _ := parseOffsetTime(text(it.props["sentDateTime"]))
	return t
}
