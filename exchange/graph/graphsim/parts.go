package graphsim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// newPart makes a linked resource or a checklist item of a checked body.
func (s *Sim) newPart(body object) object {
	p := maps.Clone(body)
	p["id"] = s.newGUID("part")
	return p
}

// newGUID makes a GUID that was not made before.
func (s *Sim) newGUID(what string) string {
	return guid(s.seal([]byte(what + " " + strconv.FormatInt(s.tickets.Add(1), 10))))
}

// serveParts answers a collection that belongs to a task: linked resources or checklist items.
func (s *Sim) serveParts(req *request, it *item, typ string, parts *[]object, path []string) (answer, *refusal) {
	context := req.context("users('" + it.box.id + "')/todo/lists/tasks/" + typ + "s")
	if len(path) == 0 {
		switch req.method {
		case http.MethodGet:
			value := []any{}
			for _, p := range *parts {
				value = append(value, clone(p))
			}
			return ok(object{"@odata.context": context, "value": value}), nil
		case http.MethodPost:
			body, r := s.partBody(req, typ)
			if r != nil {
				return answer{}, r
			}
			p := s.newPart(body)
			*parts = append(*parts, p)
			s.touchTask(it)
			return created(overlay(p, object{"@odata.context": context + "/$entity"})), nil
		}
		return answer{}, noMethod()
	}
	i := slices.IndexFunc(*parts, func(p object) bool { return p["id"] == path[0] })
	switch {
	case i < 0 || len(path) > 1:
		return answer{}, notFound()
	case req.method == http.MethodGet:
	case req.method == http.MethodPatch:
		body, r := s.partBody(req, typ)
		if r != nil {
			return answer{}, r
		}
		delete(body, "id")
		maps.Copy((*parts)[i], body)
		s.touchTask(it)
	case req.method == http.MethodDelete:
		*parts = slices.Delete(*parts, i, i+1)
		s.touchTask(it)
		return noContent(), nil
	default:
		return answer{}, noMethod()
	}
	return ok(overlay((*parts)[i], object{"@odata.context": context + "/$entity"})), nil
}

func (s *Sim) partBody(req *request, typ string) (object, *refusal) {
	o, r := req.object()
	if r != nil {
		return nil, r
	}
	return s.model.body(typ, o)
}
