package graphsim

import (
	"fmt"
	"net/http"
	"time"
)

// refusal is why a request is not done: the status and the error of the answer's body.
type refusal struct {
	status  int
	code    string
	message string
	header  map[string]string // more headers; nil is none
}

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// body is the error in the form of OData JSON 21.1, with the two names that the service's own details have.
func (r *refusal) body(now time.Time, requestID, clientID string) object {
	return object{"error": object{"code": r.code, "message": r.message, "innerError": object{
		"date": now.UTC().Format("2006-01-02T15:04:05"), "request-id": requestID, "client-request-id": clientID}}}
}

func badBody(message string) *refusal {
	return refuse(http.StatusBadRequest, "RequestBodyRead", "%s", message)
}

func unknownProperty(name, typ string) *refusal {
	return badBody(fmt.Sprintf("The property '%s' does not exist on type 'microsoft.graph.%s'. Make sure to only use property names that are defined by the type or mark the type as open type.", name, typ))
}

func cannotConvert(v any, typ string) *refusal {
	return badBody(fmt.Sprintf("Cannot convert the literal '%.60v' to the expected type '%s'.", v, typ))
}

// undeserializable has the text of the live service, which ends where a name should follow.
func undeserializable() *refusal {
	return refuse(http.StatusBadRequest, "UnableToDeserializePostBody", "were unable to deserialize ")
}

func badRequest(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, "BadRequest", format, args...)
}

func invalidProperty(format string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, "ErrorPropertyValidationFailure", format, args...)
}

func malformedID() *refusal {
	return refuse(http.StatusBadRequest, "ErrorInvalidIdMalformed", "Id is malformed.")
}

func notFound() *refusal {
	return refuse(http.StatusNotFound, "ErrorItemNotFound", "The specified object was not found in the store.")
}

func noSegment(segment string) *refusal {
	return badRequest("Resource not found for the segment '%s'.", segment)
}

func noMethod() *refusal {
	return refuse(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
}

func denied() *refusal {
	return refuse(http.StatusForbidden, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
}

func outOfScope() *refusal {
	return refuse(http.StatusForbidden, "ErrorAccessDenied", "Access to OData is disabled.")
}

func changedMeanwhile() *refusal {
	return refuse(http.StatusPreconditionFailed, "ErrorIrresolvableConflict", "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.")
}
