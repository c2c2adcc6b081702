package creatiosim

import (
	"fmt"
	"net/http"
	"strings"
)

// refusal is a request refused: an HTTP status and the text the product gives with it.
type refusal struct {
	status int
	text   string
	typ    string // the .NET exception's name
	html   bool   // the web server's page, not the application's JSON
}

// Error is for logs of tests; clients get the text by way of refuse.
func (r *refusal) Error() string { return fmt.Sprintf("creatiosim: %d %s", r.status, r.text) }

const (
	typODataError  = "Microsoft.OData.ODataException"
	typNotFound    = "Terrasoft.Common.ItemNotFoundException"
	typDatabase    = "System.Data.SqlClient.SqlException"
	typApplication = "System.Exception"
)

// badQuery is what the OData library says about a query option it cannot take.
func badQuery(format string, args ...any) *refusal {
	return &refusal{400, "The query specified in the URI is not valid. " + fmt.Sprintf(format, args...), typODataError, false}
}

// badBody is what the OData library says about a body that does not fit the model.
func badBody(format string, args ...any) *refusal {
	return &refusal{400, "The request is invalid. " + fmt.Sprintf(format, args...), typODataError, false}
}

// noColumn is the query engine's error for a path it cannot resolve: a 500, although the client is at fault.
func noColumn(path, entity string) *refusal {
	return &refusal{500, fmt.Sprintf("Column by path %s not found in schema %s", path, entity), typNotFound, false}
}

// noProperty is the model's error for an unknown name in a query: unlike noColumn it is a 400.
func noProperty(name string, e *entity) *refusal {
	return badQuery("Could not find a property named '%s' on type '%s'.", name, e.typeName())
}

// ruleBroken is a business rule's text, or a required column's.
func ruleBroken(text string) *refusal { return &refusal{500, text, typApplication, false} }

// notFound is a row that is not there, or that the user may not see. The body is empty.
func notFound() *refusal { return &refusal{status: 404} }

// noSegment is an address that names no entity set or property.
func noSegment(name string) *refusal {
	return &refusal{404, fmt.Sprintf("Resource not found for the segment '%s'.", name), typODataError, false}
}

// duplicateKey is an insert with an id that is taken. The text is the database's, passed on by the application, and depends
// on which one the site runs on.
func (s *Sim) duplicateKey(e *entity, id guid) *refusal {
	text := fmt.Sprintf("Violation of PRIMARY KEY constraint 'PK%sId'. Cannot insert duplicate key in object 'dbo.%s'. "+
		"The duplicate key value is (%s).\r\nThe statement has been terminated.", e.name, e.name, id)
	if s.opt.Postgres {
		text = fmt.Sprintf("23505: duplicate key value violates unique constraint \"PK%sId\"", e.name)
	}
	return &refusal{500, text, typDatabase, false}
}

// brokenReference is a lookup set to an id that its entity does not have.
func (s *Sim) brokenReference(e *entity, c *column) *refusal {
	text := fmt.Sprintf("The INSERT statement conflicted with the FOREIGN KEY constraint \"FK%s%s\". The conflict occurred "+
		"in database \"Creatio\", table \"dbo.%s\", column 'Id'.\r\nThe statement has been terminated.", e.name, c.name, c.ref)
	if s.opt.Postgres {
		text = fmt.Sprintf("23503: insert or update on table \"%s\" violates foreign key constraint \"FK%s%s\"",
			e.name, e.name, c.name)
	}
	return &refusal{500, text, typDatabase, false}
}

// stillReferenced is a deletion that a row of e stands in the way of.
func (s *Sim) stillReferenced(e *entity, c *column) *refusal {
	text := fmt.Sprintf("The DELETE statement conflicted with the REFERENCE constraint \"FK%s%s\". The conflict occurred "+
		"in database \"Creatio\", table \"dbo.%s\", column '%s'.\r\nThe statement has been terminated.",
		e.name, c.name, e.name, c.name)
	if s.opt.Postgres {
		text = fmt.Sprintf("23503: update or delete on table \"%s\" violates foreign key constraint \"FK%s%s\" on table \"%s\"",
			c.ref, e.name, c.name, e.name)
	}
	return &refusal{500, text, typDatabase, false}
}

// tooLong is a text over its column's length. The product does not cut.
func (s *Sim) tooLong(e *entity, c *column) *refusal {
	text := fmt.Sprintf("String or binary data would be truncated in table 'Creatio.dbo.%s', column '%s'.\r\n"+
		"The statement has been terminated.", e.name, c.name)
	if s.opt.Postgres {
		text = fmt.Sprintf("22001: value too long for type character varying(%d)", c.max)
	}
	return &refusal{500, text, typDatabase, false}
}

// fileTooLarge is a file over the system setting MaxFileSize.
func fileTooLarge(most int) *refusal {
	return &refusal{500, fmt.Sprintf("The file size exceeds the maximum allowed size: %d Mb.", most>>20),
		"Terrasoft.File.Abstractions.MaxFileSizeExceededException", false}
}

// noRight is a write that the user's rights do not reach.
func noRight(e *entity) *refusal {
	return &refusal{403, "Current user does not have permissions to add or edit records of \"" + e.name + "\" here.",
		"System.Security.SecurityException", false}
}

// isRequired is a row without a value it needs. The column is named by its code, not by its caption.
func isRequired(c *column) *refusal {
	return &refusal{500, fmt.Sprintf("Value for column \"%s\" must be set", c.name),
		"Terrasoft.Common.ArgumentNullOrEmptyException", false}
}

// answer is a response before it is written.
type answer struct {
	status int
	typ    string // Content-Type
	header map[string]string
	body   []byte

	cookies []*http.Cookie
}

const (
	typJSON  = "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8"
	typHTML  = "text/html; charset=utf-8"
	typBytes = "application/octet-stream"
	typText  = "text/plain; charset=utf-8"
)

// refuse turns a refusal into the answer the site's error style calls for.
func (s *Sim) refuse(r *refusal) answer {
	switch {
	case r.html:
		return htmlPage(r.status, r.text)
	case r.text == "":
		return answer{status: r.status}
	}
	b := []byte(`{`)
	if s.opt.Errors == ErrorsPlain {
		b = append(b, `"Message":`...)
		b = appendText(b, r.text)
	} else {
		outer := r.text
		if s.opt.Errors == ErrorsInner {
			outer = "An error has occurred."
		}
		b = append(b, `"error":{"code":"","message":`...)
		b = appendText(b, outer)
		b = append(b, `,"innererror":{"message":`...)
		b = appendText(b, r.text)
		b = append(b, `,"type":`...)
		b = appendText(b, r.typ)
		b = append(b, `,"stacktrace":`...)
		b = appendText(b, stackOf(r))
		b = append(b, `}}`...)
	}
	b = append(b, '}')
	return answer{status: r.status, typ: typJSON, body: b}
}

// stackOf is the sort of internal text that live sites send along and that clients must not show to people.
func stackOf(r *refusal) string {
	at := "Terrasoft.Core.Entities.EntitySchemaQuery.GetEntityCollection(UserConnection userConnection)"
	switch {
	case strings.HasPrefix(r.typ, "Microsoft."):
		at = "Microsoft.AspNet.OData.EnableQueryAttribute.ExecuteQuery(Object responseValue, HttpRequestMessage request)"
	case r.typ == typDatabase:
		at = "Terrasoft.Core.DB.DBExecutor.Execute(String sqlText, QueryParameterCollection queryParameters)"
	}
	return "   at " + at
}

// htmlPage is one of the web server's own pages.
func htmlPage(status int, text string) answer {
	page := "<!DOCTYPE html>\n<html><head><title>" + text + "</title></head>\n<body><h2>" + text + "</h2></body></html>\n"
	return answer{status: status, typ: typHTML, body: []byte(page)}
}
