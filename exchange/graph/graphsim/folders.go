package graphsim

import (
	"net/http"
	"strings"
)

// folderType is the type of the folders that items of a kind are in, and the property that names them.
func folderType(k kind) (typ, name string) {
	switch k {
	case kindEvent:
		return "calendar", "name"
	case kindContact:
		return "contactFolder", "displayName"
	case kindMessage:
		return "mailFolder", "displayName"
	}
	return "todoTaskList", "displayName"
}

// createFolder answers POST of a calendar, a contact folder, a task list or a mail folder.
func (s *Sim) createFolder(req *request, b *mailbox, k kind, parent *folder) (answer, *refusal) {
	body, r := s.folderBody(req, k)
	if r != nil {
		return answer{}, r
	}
	_, name := folderType(k)
	if text(body[name]) == "" {
		return answer{}, invalidProperty("At least one property failed validation.")
	}
	for _, f := range b.list(k) {
		if k != kindTask && f.parent == parent && strings.EqualFold(text(f.props[name]), text(body[name])) {
			return answer{}, refuse(http.StatusConflict, "ErrorFolderExists", "A folder with the specified name already exists.")
		}
	}
	props := object{name: body[name]}
	if k == kindEvent {
		props["color"] = orText(text(body["color"]), "auto")
	}
	f := b.newFolder(k, parent, props, s.opt.Now())
	if r := setExtended(f.ext, list(body, "singleValueExtendedProperties")); r != nil {
		b.removeFolder(f)
		return answer{}, r
	}
	a, r := s.showFolder(req, f)
	a.status = http.StatusCreated
	return a, r
}

func (s *Sim) folderBody(req *request, k kind) (object, *refusal) {
	o, r := req.object()
	if r != nil {
		return nil, r
	}
	typ, _ := folderType(k)
	return s.model.body(typ, o)
}

func (s *Sim) showFolder(req *request, f *folder) (answer, *refusal) {
	typ, _ := folderType(f.kind)
	v, r := s.view(req, typ)
	if r != nil {
		return answer{}, r
	}
	o := s.folderObject(f, v)
	o["@odata.context"] = req.context("users('" + f.box.id + "')/" + typ + "s/$entity")
	return ok(o), nil
}

func (s *Sim) folderObject(f *folder, v *view) object {
	switch f.kind {
	case kindEvent:
		return s.calendar(f, v)
	case kindContact:
		return s.contactFolder(f, v)
	case kindMessage:
		return s.mailFolder(f, v)
	}
	return s.taskList(f, v)
}

// serveFolder answers one calendar, contact folder or task list.
func (s *Sim) serveFolder(req *request, f *folder) (answer, *refusal) {
	builtIn := f == f.box.defs[f.kind] || f.shown == "flaggedEmails" || f.wellKnown()
	switch req.method {
	case http.MethodGet:
		return s.showFolder(req, f)
	case http.MethodPatch:
		body, r := s.folderBody(req, f.kind)
		if r != nil {
			return answer{}, r
		}
		_, name := folderType(f.kind)
		for _, p := range []string{name, "color"} {
			v, sent := body[p]
			if !sent || p == "color" && f.kind != kindEvent {
				continue
			}
			if v == nil || p == name && (text(v) == "" || builtIn && f.kind == kindTask) {
				return answer{}, invalidProperty("At least one property failed validation.")
			}
			f.props[p] = v
		}
		if r := setExtended(f.ext, list(body, "singleValueExtendedProperties")); r != nil {
			return answer{}, r
		}
		f.box.change++
		f.key = f.box.change
		return s.showFolder(req, f)
	case http.MethodDelete:
		if builtIn {
			return answer{}, refuse(http.StatusBadRequest, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
		}
		for _, it := range f.items {
			if f.kind == kindEvent {
				s.mailAbout(it, "cancellation", addresses(it.props))
			}
		}
		if f.kind == kindMessage {
			f.discard()
			return noContent(), nil
		}
		f.box.removeFolder(f)
		return noContent(), nil
	}
	return answer{}, noMethod()
}
