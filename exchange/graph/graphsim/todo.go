package graphsim

import (
	"maps"
	"net/http"
)

// serveTodo answers To Do: lists, tasks, and what tasks hold.
func (s *Sim) serveTodo(req *request, b *mailbox, path []string) (answer, *refusal) {
	switch {
	case at(path, 1) != "lists":
		return answer{}, noSegment(path[len(path)-1])
	case at(path, 2) == "delta":
		return s.listDelta(req, b)
	case len(path) == 2 && req.method == http.MethodGet:
		var rows []row
		for _, f := range b.list(kindTask) {
			rows = append(rows, row{func(v *view) object { return s.taskList(f, v) }, nil})
		}
		return s.page(req, "todoTaskList", "users('"+b.id+"')/todo/lists", rows)
	case len(path) == 2 && req.method == http.MethodPost:
		return s.createFolder(req, b, kindTask, nil)
	case len(path) == 2:
		return answer{}, noMethod()
	}
	f, r := s.folder(b, kindTask, path[2])
	switch {
	case r != nil:
		return answer{}, r
	case len(path) == 3:
		return s.serveFolder(req, f)
	case at(path, 3) != "tasks":
		return answer{}, noSegment(path[3])
	}
	return s.serveTasks(req, f, path[4:])
}

func (s *Sim) taskList(f *folder, v *view) object {
	return v.cut(overlay(f.props, object{"@odata.etag": etag(s.changeKey(f.box.no, f.key)), "id": s.folderID(f), "isOwner": true,
		"isShared": false, "wellknownListName": f.shown}), nil)
}

func (s *Sim) serveTasks(req *request, f *folder, path []string) (answer, *refusal) {
	switch {
	case len(path) == 0 && req.method == http.MethodGet:
		return s.page(req, "todoTask", "users('"+f.box.id+"')/todo/lists('"+s.folderID(f)+"')/tasks", s.rows(req, f.items))
	case len(path) == 0 && req.method == http.MethodPost:
		return s.createTask(req, f)
	case len(path) == 0:
		return answer{}, noMethod()
	case at(path, 0) == "delta":
		return s.taskDelta(req, f)
	}
	it, _, r := s.find(req, f.box, f, kindTask, path[0])
	if r != nil {
		return answer{}, r
	}
	switch at(path, 1) {
	case "":
		return s.serveTask(req, it)
	case "linkedresources":
		return s.serveParts(req, it, "linkedResource", &it.linked, path[2:])
	case "attachments":
		return s.serveAttachments(req, it, noDay, path[2:])
	case "attachmentsessions":
		return s.serveTaskUploads(req, it, path[2:])
	case "checklistitems":
		return s.serveParts(req, it, "checklistItem", &it.checklist, path[2:])
	}
	return answer{}, noSegment(path[1])
}

func (s *Sim) serveTask(req *request, it *item) (answer, *refusal) {
	switch req.method {
	case http.MethodGet:
		return s.show(req, "todoTask", it, noDay, http.StatusOK)
	case http.MethodPatch:
		return s.patchTask(req, it)
	case http.MethodDelete:
		if r := s.match(req, it, noDay); r != nil {
			return answer{}, r
		}
		s.changed(it.box, it.in, it, noDay, "deleted")
		it.box.remove(it)
		return noContent(), nil
	}
	return answer{}, noMethod()
}

// taskWritable are the properties of tasks that clients set.
func taskWritable() []string {
	return []string{"body", "categories", "completedDateTime", "dueDateTime", "importance", "isReminderOn", "reminderDateTime",
		"startDateTime", "status", "title"}
}

func taskDefaults() object {
	return object{"title": "", "body": object{"contentType": "text", "content": ""}, "categories": []any{}, "completedDateTime": nil,
		"dueDateTime": nil, "importance": "normal", "isReminderOn": false, "reminderDateTime": nil, "startDateTime": nil,
		"status": "notStarted"}
}

func (s *Sim) createTask(req *request, f *folder) (answer, *refusal) {
	body, r := s.taskBody(req)
	switch {
	case r != nil:
		return answer{}, r
	case f.shown == "flaggedEmails":
		return answer{}, refuse(http.StatusBadRequest, "invalidRequest", "Invalid request")
	}
	for _, name := range []string{"attachments", "attachmentSessions"} {
		if _, sent := body[name]; sent {
			return answer{}, refuse(http.StatusBadRequest, "invalidRequest", "The navigation property '%s' cannot be set here.", name)
		}
	}
	draft := &item{box: f.box, kind: kindTask, props: taskDefaults()}
	if r := s.setTask(draft, body); r != nil {
		return answer{}, r
	}
	for name, parts := range map[string]*[]object{"linkedResources": &draft.linked, "checklistItems": &draft.checklist} {
		for _, v := range list(body, name) { // documented for linked resources: a task may come with them
			*parts = append(*parts, s.newPart(v.(object)))
		}
	}
	it := f.box.newItem(kindTask, s.opt.Now())
	it.props, it.rule, it.when, it.linked, it.checklist = draft.props, draft.rule, draft.when, draft.linked, draft.checklist
	f.put(it)
	f.box.bump(it, noDay, s.opt.Now())
	s.changed(f.box, f, it, noDay, "created")
	return s.show(req, "todoTask", it, noDay, http.StatusCreated)
}

func (s *Sim) taskBody(req *request) (object, *refusal) {
	o, r := req.object()
	if r != nil {
		return nil, r
	}
	return s.model.body("todoTask", o)
}

// setTask changes a task by a checked body: all of it or nothing.
func (s *Sim) setTask(it *item, body object) *refusal {
	props := maps.Clone(it.props)
	for _, name := range taskWritable() {
		v, sent := body[name]
		if !sent {
			continue
		}
		if v == nil {
			v = taskDefaults()[name]
		}
		props[name] = v
	}
	for _, name := range []string{"completedDateTime", "dueDateTime", "startDateTime", "reminderDateTime"} {
		if o, ok := body[name].(object); ok {
			at, r := taskTime(o, name != "reminderDateTime")
			if r != nil {
				return r
			}
			props[name] = at
		}
	}
	if _, sent := body["body"]; sent {
		b := sub(props, "body")
		props["body"] = object{"contentType": orText(text(b["contentType"]), "text"), "content": text(b["content"])}
	}
	switch {
	case props["status"] != "completed":
		props["completedDateTime"] = nil
	case props["completedDateTime"] == nil:
		today := onDay(wallOf(s.opt.Now().UTC()).day())
		props["completedDateTime"] = object{"dateTime": today.String(), "timeZone": "UTC"}
	}
	if rec, sent := body["recurrence"]; sent {
		if r := setTaskRule(it, rec, props); r != nil {
			return r
		}
	}
	it.props = props
	return nil
}

func setTaskRule(it *item, rec any, props object) *refusal {
	o, ok := rec.(object)
	if !ok {
		it.rule = nil
		return nil
	}
	if props["dueDateTime"] == nil {
		return refuse(http.StatusBadRequest, "invalidRequest", "A recurring task needs a due date.")
	}
	g := sub(o, "range")
	if g != nil && g["startDate"] == nil { // To Do counts from the due date
		g["startDate"] = text(sub(props, "dueDateTime")["dateTime"])[:len("2006-01-02")]
	}
	rule, r := parseRule(o)
	if r != nil {
		return r
	}
	it.rule, it.when.zone = rule, utc()
	return nil
}

// taskTime is a time of a task in UTC. Dates lose their time of day: they are midnight in the zone that they came in.
func taskTime(o object, whole bool) (object, *refusal) {
	at, z, r := parseDateTime(o)
	if r != nil {
		return nil, r
	}
	if whole {
		at = onDay(at.day())
	}
	return inZone(at.instant(z.loc), utc()), nil
}

func (s *Sim) patchTask(req *request, it *item) (answer, *refusal) {
	body, r := s.taskBody(req)
	if r != nil {
		return answer{}, r
	}
	for _, name := range []string{"linkedResources", "checklistItems", "attachments", "attachmentSessions"} {
		if _, sent := body[name]; sent {
			return answer{}, refuse(http.StatusBadRequest, "invalidRequest", "The navigation property '%s' cannot be updated here.", name)
		}
	}
	if r := s.match(req, it, noDay); r != nil {
		return answer{}, r
	}
	if r := s.setTask(it, body); r != nil {
		return answer{}, r
	}
	s.touchTask(it)
	return s.show(req, "todoTask", it, noDay, http.StatusOK)
}

func (s *Sim) touchTask(it *item) {
	it.box.bump(it, noDay, s.opt.Now())
	s.changed(it.box, it.in, it, noDay, "updated")
}

// task shows a task.
func (s *Sim) task(req *request, it *item, v *view) object {
	out := overlay(it.props, nil)
	out["@odata.etag"], out["id"] = etag(s.changeKey(it.box.no, it.key)), s.itemID(it, noDay, false)
	out["createdDateTime"], out["lastModifiedDateTime"] = stamp(it.created), stamp(it.modified)
	out["bodyLastModifiedDateTime"], out["hasAttachments"] = stamp(it.modified), len(it.files) > 0
	if req.prefer.text {
		out["body"] = req.bodyOf(sub(it.props, "body"))
	}
	for _, name := range []string{"completedDateTime", "dueDateTime", "startDateTime", "reminderDateTime"} {
		if o := sub(it.props, name); o == nil {
			delete(out, name) // the service leaves out what a task has not
		} else if req.prefer.zone != nil {
			at, _, _ := parseDateTime(o)
			out[name] = inZone(at.instant(utc().loc), *req.prefer.zone)
		}
	}
	if it.rule != nil {
		out["recurrence"] = it.rule.object(it.when.zone)
	}
	out = v.cut(out, nil)
	for name, parts := range map[string][]object{"linkedResources": it.linked, "checklistItems": it.checklist, "extensions": nil} {
		if v.expand[name] {
			all := []any{}
			for _, p := range parts {
				all = append(all, clone(p))
			}
			out[name] = all
		}
	}
	if v.expand["attachments"] {
		out["attachments"] = s.attachmentList(req, it, noDay, nil)
	}
	return out
}
