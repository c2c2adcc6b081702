package creatiosim

import (
	"bytes"
	"net/http"
	"strings"
)

// single answers GET Activity(id).
func (s *Sim) single(rq *request, e *entity, id guid) answer {
	opts, bad := splitOptions(rq.query)
	if bad != nil {
		return s.refuse(bad)
	}
	q, bad := s.parseQuery(opts, e, "$select", "$expand", "$format")
	if bad != nil {
		return s.refuse(bad)
	}
	ans := s.refuse(notFound())
	s.db.view(func() {
		if r := s.entityRow(rq, e, id); r != nil {
			ans = s.answerRow(rq, e, r, &q, 200)
		}
	})
	return ans
}

// answerRow shows one row with its context.
func (s *Sim) answerRow(rq *request, e *entity, r *row, q *query, status int) answer {
	w := &writer{s: s, who: rq.user, plain: rq.plainMeta()}
	return answer{status: status, typ: rq.jsonType(), body: w.appendRow(nil, e, r, q, w.entityHead(rq, e, q))}
}

// entityHead is the context annotation of a single row, the first member of its object (OData JSON format 4.0, 4.5.1).
func (w *writer) entityHead(rq *request, e *entity, q *query) string {
	b := []byte(`"@odata.context":`)
	return string(appendText(b, rq.base+"$metadata#"+e.name+shape(q)+"/$entity"))
}

// property answers Contact(id)/Name, Contact(id)/Name/$value and the stream SysImage(id)/Data.
func (s *Sim) property(rq *request, e *entity, id guid, rest string) answer {
	name, tail, deeper := strings.Cut(rest, "/")
	c := e.byName[name]
	switch {
	case c == nil, deeper && tail != "$value", deeper && c.kind == kindStream:
		return s.refuse(noSegment(rest))
	case c.kind == kindStream:
		return s.stream(rq, e, id, c)
	case rq.method != http.MethodGet:
		return methodNotAllowed("GET")
	}
	ans := s.refuse(notFound())
	s.db.view(func() {
		r := s.entityRow(rq, e, id)
		if r == nil {
			return
		}
		if deeper {
			body := []byte(r.text(c.pos))
			if c.kind != kindText {
				body = bytes.Trim(appendValue(nil, c.kind, r.vals[c.pos]), `"`)
			}
			ans = answer{status: 200, typ: typText, body: body}
			return
		}
		b := []byte(`{"@odata.context":`)
		b = appendText(b, rq.base+"$metadata#"+e.name+"("+id.String()+")/"+c.name)
		b = append(b, `,"value":`...)
		b = append(appendValue(b, c.kind, r.vals[c.pos]), '}')
		ans = answer{status: 200, typ: rq.jsonType(), body: b}
	})
	return ans
}

// stream answers GET, PUT and DELETE of a stream's bytes.
func (s *Sim) stream(rq *request, e *entity, id guid, c *column) answer {
	switch rq.method {
	case http.MethodGet:
		ans := s.refuse(notFound())
		s.db.view(func() {
			if r := s.entityRow(rq, e, id); r != nil {
				data, _ := r.vals[c.pos].([]byte)
				ans = answer{status: 200, typ: typBytes, body: data}
				if len(data) == 0 {
					ans = answer{status: http.StatusNoContent}
				}
			}
		})
		return ans
	case http.MethodPut:
		return s.putStream(rq, e, id, c)
	case http.MethodDelete:
		return s.writeStream(rq, e, id, c, nil, http.StatusNoContent)
	}
	return methodNotAllowed("GET, PUT, DELETE")
}

// putStream takes the types the vendor's examples send: octet-stream, in older ones JSON. Both mean the bytes as they are.
func (s *Sim) putStream(rq *request, e *entity, id guid, c *column) answer {
	typ := rq.header.Get("Content-Type")
	if !strings.HasPrefix(typ, typBytes) && !jsonBody(typ) {
		return s.unsupportedType(typ)
	}
	return s.writeStream(rq, e, id, c, rq.body, http.StatusOK)
}

// unsupportedType is Web API's 415. It has the {"Message":…} form whatever the site's error style.
func (s *Sim) unsupportedType(typ string) answer {
	b := []byte(`{"Message":`)
	b = appendText(b, "The request entity's media type '"+typ+"' is not supported for this resource.")
	return answer{status: http.StatusUnsupportedMediaType, typ: typJSON, body: append(b, '}')}
}
