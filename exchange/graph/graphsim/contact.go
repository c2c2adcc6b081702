package graphsim

import (
	"maps"
	"net/http"
	"strings"
)

// serveContacts answers contactFolders and contacts.
func (s *Sim) serveContacts(req *request, b *mailbox, path []string) (answer, *refusal) {
	if at(path, 0) == "contacts" {
		return s.serveContactSet(req, b, nil, path[1:])
	}
	if len(path) == 1 {
		return s.serveContactFolders(req, b.defs[kindContact])
	}
	f, r := s.folder(b, kindContact, path[1])
	if r != nil {
		return answer{}, r
	}
	switch at(path, 2) {
	case "":
		return s.serveFolder(req, f)
	case "contacts":
		return s.serveContactSet(req, b, f, path[3:])
	case "childfolders":
		if len(path) == 3 {
			return s.serveContactFolders(req, f)
		}
	}
	return answer{}, noSegment(path[2])
}

// serveContactFolders answers the folders in a folder: the default folder is not among those that are listed.
func (s *Sim) serveContactFolders(req *request, parent *folder) (answer, *refusal) {
	switch req.method {
	case http.MethodGet:
		var rows []row
		for _, f := range parent.box.list(kindContact) {
			if f.parent == parent {
				rows = append(rows, row{func(v *view) object { return s.contactFolder(f, v) }, f.ext})
			}
		}
		return s.page(req, "contactFolder", "users('"+parent.box.id+"')/contactFolders", rows)
	case http.MethodPost:
		return s.createFolder(req, parent.box, kindContact, parent)
	}
	return answer{}, noMethod()
}

func (s *Sim) contactFolder(f *folder, v *view) object {
	parent := s.id(ref{kind: kindFolder, box: f.box.no, day: noDay}) // the root, which is no contact folder
	if f.parent != nil {
		parent = s.folderID(f.parent)
	}
	o := v.cut(overlay(f.props, object{"id": s.folderID(f), "parentFolderId": parent}), nil)
	v.addExtended(o, f.ext)
	return o
}

func (s *Sim) serveContactSet(req *request, b *mailbox, f *folder, path []string) (answer, *refusal) {
	in := f
	if in == nil {
		in = b.defs[kindContact]
	}
	switch {
	case len(path) == 0 && req.method == http.MethodGet:
		return s.page(req, "contact", "users('"+b.id+"')/contacts", s.rows(req, in.items))
	case len(path) == 0 && req.method == http.MethodPost:
		return s.createContact(req, in)
	case len(path) == 0:
		return answer{}, noMethod()
	case at(path, 0) == "delta":
		return s.contactDelta(req, in)
	}
	it, _, r := s.find(req, b, f, kindContact, path[0])
	if r != nil {
		return answer{}, r
	}
	return s.serveContact(req, it, path[1:])
}

func (s *Sim) serveContact(req *request, it *item, path []string) (answer, *refusal) {
	if at(path, 0) == "photo" {
		return s.servePhoto(req, it, path[1:])
	}
	if len(path) > 0 {
		return answer{}, noSegment(path[0])
	}
	switch req.method {
	case http.MethodGet:
		return s.show(req, "contact", it, noDay, http.StatusOK)
	case http.MethodPatch:
		return s.patchContact(req, it)
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

// contactDefaults are the empty values that the service sends: lists are empty, the rest is null.
func (s *Sim) contactDefaults() object {
	o := object{}
	for name, p := range s.model.structs["contact"].props {
		switch {
		case p.navigation:
		case p.collection:
			o[name] = []any{}
		case strings.HasSuffix(name, "Address") && p.typ == "physicalAddress":
			o[name] = object{}
		default:
			o[name] = nil
		}
	}
	return o
}

// readOnlyContact are the properties that the service makes by itself; in a body they are ignored.
func readOnlyContact() []string {
	return []string{"id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId", "primaryEmailAddress",
		"secondaryEmailAddress", "tertiaryEmailAddress", "singleValueExtendedProperties", "multiValueExtendedProperties", "photo"}
}

func (s *Sim) createContact(req *request, f *folder) (answer, *refusal) {
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	body, r := s.model.body("contact", o)
	if r != nil {
		return answer{}, r
	}
	draft := &item{box: f.box, kind: kindContact, props: s.contactDefaults(), ext: map[string]extended{}}
	if r := draft.setContact(body); r != nil {
		return answer{}, r
	}
	draft.nameContact(body)
	it := f.box.newItem(kindContact, s.opt.Now())
	it.props, it.ext = draft.props, draft.ext
	f.put(it)
	f.box.bump(it, noDay, s.opt.Now())
	s.changed(f.box, f, it, noDay, "created")
	return s.show(req, "contact", it, noDay, http.StatusCreated)
}

// nameContact makes the names that nobody gave.
func (it *item) nameContact(body object) {
	given, family := text(body["givenName"]), text(body["surname"])
	if body["displayName"] == nil {
		it.props["displayName"] = strings.TrimSpace(strings.Join(strings.Fields(given+" "+text(body["middleName"])+" "+family), " "))
	}
	if body["fileAs"] == nil {
		it.props["fileAs"] = strings.Trim(family+", "+given, ", ")
	}
}

// setContact changes a contact by a checked body: all of it or nothing.
func (it *item) setContact(body object) *refusal {
	props, ext := maps.Clone(it.props), maps.Clone(it.ext)
	if r := setExtended(ext, list(body, "singleValueExtendedProperties")); r != nil {
		return r
	}
	for name, v := range body {
		props[name] = v
	}
	for _, name := range readOnlyContact() {
		delete(props, name)
	}
	for name, most := range map[string]int{"emailAddresses": 3, "businessPhones": 2, "homePhones": 2, "imAddresses": 3} {
		if len(list(props, name)) > most { // Outlook has no more places for them
			return refuse(http.StatusBadRequest, "ErrorInvalidArgument", "The collection '%s' can hold at most %d values.", name, most)
		}
	}
	for name, v := range props {
		if strings.HasSuffix(name, "Address") && v == nil {
			props[name] = object{}
		}
	}
	it.props, it.ext = props, ext
	return nil
}

func (s *Sim) patchContact(req *request, it *item) (answer, *refusal) {
	o, r := req.object()
	if r != nil {
		return answer{}, r
	}
	body, r := s.model.body("contact", o)
	if r != nil {
		return answer{}, r
	}
	if r := s.match(req, it, noDay); r != nil {
		return answer{}, r
	}
	to := it.in
	if id := text(body["parentFolderId"]); id != "" {
		if to, r = s.folder(it.box, kindContact, id); r != nil {
			return answer{}, r
		}
	}
	if r := it.setContact(body); r != nil {
		return answer{}, r
	}
	if to != it.in {
		to.put(it)
	}
	it.box.bump(it, noDay, s.opt.Now())
	s.changed(it.box, it.in, it, noDay, "updated")
	return s.show(req, "contact", it, noDay, http.StatusOK)
}

// contact shows a contact.
func (s *Sim) contact(req *request, it *item, v *view) object {
	out := overlay(s.contactDefaults(), it.props)
	key := s.changeKey(it.box.no, it.key)
	out["@odata.etag"], out["changeKey"], out["id"] = etag(key), key, s.itemID(it, noDay, req.prefer.immutable)
	out["createdDateTime"], out["lastModifiedDateTime"] = stamp(it.created), stamp(it.modified)
	out["parentFolderId"] = s.folderID(it.in)
	for i, name := range []string{"primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress"} {
		if mails := list(it.props, "emailAddresses"); i < len(mails) {
			out[name] = mails[i]
		}
	}
	out = v.cut(out, nil)
	v.addExtended(out, it.ext)
	return out
}
