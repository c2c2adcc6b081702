package graphsim

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"
)

// attached is a file, an item or a link that hangs on an item. It is never changed once it is there.
type attached struct {
	no       uint32
	typ      string // fileAttachment, itemAttachment, referenceAttachment or taskFileAttachment
	props    object // name, contentType, isInline, contentId, contentLocation
	content  []byte // of files
	item     object // of item attachments: a checked body with its @odata.type
	modified time.Time
}

// attach gives an item something to hold; what is at hand keeps its place in the list.
func (it *item) attach(a attached, now time.Time) *attached {
	it.box.next++
	a.no, a.modified = it.box.next, now
	it.files = append(slices.Clip(it.files), &a)
	return &a
}

// filesOf is what hangs on an item, or on one occurrence of it.
func (it *item) filesOf(day int) *[]*attached {
	if ex := it.changed[day]; ex != nil {
		return &ex.files
	}
	return &it.files
}

// shown says whether any attachment counts as one: pictures inside of the text do not.
func shown(files []*attached) bool {
	return slices.ContainsFunc(files, func(a *attached) bool { return !yes(a.props, "isInline") })
}

// size is what an attachment takes up in its mailbox, with its properties (MS-OXCMSG 2.2.2.5, PidTagAttachSize): more than the
// bytes of a file. The documentation's own example has 3640066 for 3483322.
func (a *attached) size() int {
	n := len(a.content) + len(a.content)/22 + 2*len(text(a.props["name"])) + 320
	if a.item != nil {
		n += len(canonical(a.item))
	}
	return n
}

// attachedOf reads the attachments that come with an item, checked by the model.
func (s *Sim) attachedOf(all []any, now time.Time) ([]*attached, *refusal) {
	var out []*attached
	for _, v := range all {
		a, r := s.newAttached(v.(object), "attachment", now)
		if r != nil {
			return nil, r
		}
		out = append(out, a)
	}
	return out, nil
}

// newAttached reads one attachment, whose type has to be told.
func (s *Sim) newAttached(body object, base string, now time.Time) (*attached, *refusal) {
	typ := strings.TrimPrefix(text(body["@odata.type"]), "#microsoft.graph.")
	if typ == "" && base == "attachmentBase" {
		typ = "taskFileAttachment" // the only one there is
	}
	a := &attached{typ: typ, modified: now, props: object{"name": body["name"], "contentType": body["contentType"], "isInline": yes(body, "isInline")}}
	if text(body["name"]) == "" {
		return nil, refuse(http.StatusBadRequest, "ErrorInvalidRequest", "The required property 'name' is missing.")
	}
	switch typ {
	case "fileAttachment", "taskFileAttachment":
		if body["contentBytes"] == nil {
			return nil, refuse(http.StatusBadRequest, "ErrorInvalidRequest", "The required property 'contentBytes' is missing.")
		}
		content, err := base64.StdEncoding.DecodeString(text(body["contentBytes"]))
		if err != nil {
			return nil, cannotConvert(body["contentBytes"], "Edm.Binary")
		}
		a.content = content
		a.props["contentId"], a.props["contentLocation"] = body["contentId"], body["contentLocation"]
		if a.props["contentType"] == nil {
			a.props["contentType"] = typeByName(text(body["name"]))
		}
	case "itemAttachment":
		a.item = sub(body, "item")
		if !slices.Contains([]string{"#microsoft.graph.message", "#microsoft.graph.event", "#microsoft.graph.contact"}, text(a.item["@odata.type"])) {
			return nil, badBody("An abstract type 'microsoft.graph.outlookItem' was encountered where an item was expected.")
		}
		a.props["contentType"] = nil
	case "referenceAttachment":
	default:
		return nil, badBody("An abstract type 'microsoft.graph." + base + "' was encountered. The type of an attachment has to be given with @odata.type.")
	}
	return a, nil
}

// typeByName is the type of a file that came without one.
func typeByName(name string) string {
	_, ext, _ := cutLast(strings.ToLower(name), '.')
	return orText(map[string]string{"txt": "text/plain", "html": "text/html", "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg",
		"ics": "text/calendar", "eml": "message/rfc822"}[ext], "application/octet-stream")
}

// base is the type that the attachments of an item are derived from.
func (it *item) base() string {
	if it.kind == kindTask {
		return "attachmentBase"
	}
	return "attachment"
}

// attachmentID follows the id of its item: a regular one changes with the folder.
func (s *Sim) attachmentID(it *item, day int, a *attached, immutable bool) string {
	r := ref{kind: kindAttachment, box: it.box.no, no: a.no, day: int32(day)}
	if !immutable || it.kind == kindTask {
		r.place = it.place
	}
	return s.id(r)
}

// attachmentObject shows an attachment. The contents of a task's file come with it alone, not in lists.
func (s *Sim) attachmentObject(req *request, it *item, day int, a *attached, v *view, alone bool) object {
	o := object{"@odata.type": "#microsoft.graph." + a.typ, "id": s.attachmentID(it, day, a, req.prefer.immutable), "size": a.size(),
		"lastModifiedDateTime": stamp(a.modified), "name": a.props["name"], "contentType": a.props["contentType"]}
	if a.typ != "taskFileAttachment" {
		o["isInline"] = a.props["isInline"]
	}
	if a.typ == "fileAttachment" {
		o["@odata.mediaContentType"] = a.props["contentType"]
		o["contentId"], o["contentLocation"] = a.props["contentId"], a.props["contentLocation"]
	}
	if wanted := v == nil || v.all || v.names["contentBytes"]; wanted && (a.typ == "fileAttachment" || a.typ == "taskFileAttachment" && alone) {
		o["contentBytes"] = base64.StdEncoding.EncodeToString(a.content)
	}
	if v == nil {
		return o
	}
	o = v.cut(o, nil)
	if v.expand["item"] && a.item != nil {
		o["item"] = overlay(clone(a.item), object{"id": "", "lastModifiedDateTime": stamp(a.modified), "createdDateTime": stamp(a.modified)})
	}
	return o
}

func (s *Sim) attachmentList(req *request, it *item, day int, v *view) []any {
	out := []any{}
	for _, a := range *it.filesOf(day) {
		out = append(out, s.attachmentObject(req, it, day, a, v, false))
	}
	return out
}

// serveAttachments answers what hangs on a message, an event, an occurrence or a task.
func (s *Sim) serveAttachments(req *request, it *item, day int, path []string) (answer, *refusal) {
	switch {
	case len(path) == 0 && req.method == http.MethodGet:
		var rows []row
		for _, a := range *it.filesOf(day) {
			rows = append(rows, row{func(v *view) object { return s.attachmentObject(req, it, day, a, v, false) }, nil})
		}
		return s.page(req, it.base(), "users('"+it.box.id+"')/attachments", rows)
	case len(path) == 0 && req.method == http.MethodPost:
		return s.createAttachment(req, it, day)
	case len(path) == 0:
		return answer{}, noMethod()
	case at(path, 0) == "createuploadsession" && len(path) == 1:
		return s.createUpload(req, it, day)
	}
	i := s.findAttachment(req, it, day, path[0])
	if i < 0 {
		return answer{}, notFound()
	}
	files := it.filesOf(day)
	a := (*files)[i]
	switch {
	case at(path, 1) == "$value" && len(path) == 2:
		return s.attachmentValue(req, a)
	case len(path) > 1:
		return answer{}, noSegment(path[1])
	case req.method == http.MethodGet:
		v, r := s.view(req, it.base())
		if r != nil {
			return answer{}, r
		}
		return ok(overlay(s.attachmentObject(req, it, day, a, v, true), object{"@odata.context": req.context("users('" + it.box.id + "')/attachments/$entity")})), nil
	case req.method == http.MethodDelete:
		if r := s.own(it, day); r != nil {
			return answer{}, r
		}
		files = it.filesOf(day)
		*files = slices.Delete(slices.Clone(*files), i, i+1)
		s.touch(it, day)
		return noContent(), nil
	}
	return answer{}, noMethod()
}

// findAttachment is the place of an attachment in its list, -1 for none.
func (s *Sim) findAttachment(req *request, it *item, day int, id string) int {
	r, ok := s.parseID(id)
	if !ok || r.kind != kindAttachment || r.box != it.box.no || int(r.day) != day || r.place != 0 && r.place != it.place ||
		r.place == 0 && !req.prefer.immutable {
		return -1
	}
	return slices.IndexFunc(*it.filesOf(day), func(a *attached) bool { return a.no == r.no })
}

// attachmentValue sends the contents as they are: of a file its bytes, of an item its MIME form.
func (s *Sim) attachmentValue(req *request, a *attached) (answer, *refusal) {
	switch {
	case req.method != http.MethodGet || a.typ == "referenceAttachment":
		return answer{}, noMethod()
	case a.item != nil:
		typ, content := s.itemMIME(a)
		return answer{status: http.StatusOK, typ: typ, body: content}, nil
	}
	content := a.content
	if content == nil {
		content = []byte{}
	}
	return answer{status: http.StatusOK, typ: text(a.props["contentType"]), body: content}, nil
}

// createAttachment answers POST attachments. What does not fit into a request needs an upload session.
func (s *Sim) createAttachment(req *request, it *item, day int) (answer, *refusal) {
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	body, r := s.model.body(it.base(), o)
	if r != nil {
		return answer{}, r
	}
	a, r := s.newAttached(body, it.base(), s.opt.Now())
	if r != nil {
		return answer{}, r
	}
	made, r := s.hang(it, day, *a)
	if r != nil {
		return answer{}, r
	}
	shownAs := s.attachmentObject(req, it, day, made, &view{all: true}, it.kind != kindTask)
	return created(overlay(shownAs, object{"@odata.context": req.context("users('" + it.box.id + "')/attachments/$entity")})), nil
}

// own makes an occurrence one of its own, for what hangs on it alone.
func (s *Sim) own(it *item, day int) *refusal {
	if day == noDay || it.changed[day] != nil {
		return nil
	}
	return it.except(day, object{}, s.opt.Now())
}

// touch notes that what hangs on an item has changed.
func (s *Sim) touch(it *item, day int) {
	it.box.bump(it, day, s.opt.Now())
	if ex := it.changed[day]; ex != nil {
		ex.key = it.key
	}
	s.changed(it.box, it.in, it, day, "updated")
}

// maxTaskFiles is how many bytes of files a task can have.
const maxTaskFiles = 25 << 20

func tooLarge() *refusal {
	return refuse(http.StatusRequestEntityTooLarge, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")
}

// hang adds an attachment to an item or occurrence, if there is room. Attendees are told of it as of any change.
func (s *Sim) hang(it *item, day int, a attached) (*attached, *refusal) {
	most, sum := s.opt.MaxMessage, len(a.content)
	if it.kind == kindTask {
		most = maxTaskFiles
	}
	for _, f := range *it.filesOf(day) {
		sum += len(f.content)
	}
	if sum > most {
		return nil, tooLarge()
	}
	if r := s.own(it, day); r != nil {
		return nil, r
	}
	it.box.next++
	a.no, a.modified = it.box.next, s.opt.Now()
	files := it.filesOf(day)
	*files = append(slices.Clip(*files), &a)
	s.touch(it, day)
	if it.kind == kindEvent {
		s.mailAbout(it, "update", it.attendees(day))
	}
	return &a, nil
}
