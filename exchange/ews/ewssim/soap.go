package ewssim

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// failure is an error that a client is told, by code (m:ResponseCodeType) and text.
type failure struct {
	code, text string
	values     []attr // t:MessageXml: names and values
	fault      bool   // concerns the request as a whole
}

func (f *failure) Error() string { return f.code + ": " + f.text }

func fail(code, format string, args ...any) *failure {
	return &failure{code: code, text: fmt.Sprintf(format, args...)}
}

// faultOf is a failure of the whole request.
func faultOf(code, format string, args ...any) *failure {
	f := fail(code, format, args...)
	f.fault = true
	return f
}

// asFailure is what a client is told of an error.
func asFailure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var v *violation
	if errors.As(err, &v) {
		return &failure{code: "ErrorSchemaValidation", fault: true,
			text:   "The request failed schema validation: " + v.text,
			values: []attr{{"LineNumber", strconv.Itoa(v.at.line)}, {"LinePosition", strconv.Itoa(v.at.col)}, {"Violation", v.text}}}
	}
	return faultOf("ErrorInternalServerError", "An internal server error occurred. The operation failed.")
}

// reply is an answer before it is written.
type reply struct {
	status  int
	kind    string // Content-Type
	header  http.Header
	body    []byte
	hanging func(w http.ResponseWriter, r *http.Request) // writes the body itself
}

// contentXML is compared letter by letter by clients in the field.
const contentXML = "text/xml; charset=utf-8"

// versionInfo is the header that every answer carries, of Exchange Server 2019.
func versionInfo() *node {
	return el("h:ServerVersionInfo", attr{"MajorVersion", "15"}, attr{"MinorVersion", "2"},
		attr{"MajorBuildNumber", "1748"}, attr{"MinorBuildNumber", "10"}, attr{"Version", "V2017_07_11"},
		attr{"xmlns:h", nsTypes}, attr{"xmlns", nsTypes}, attr{"xmlns:xsd", nsSchema}, attr{"xmlns:xsi", nsSchema + "-instance"})
}

// envelope wraps an answer.
func envelope(body *node) []byte {
	body = body.with(body.kids)
	if body.name != "s:Fault" {
		body.attr = append([]attr{{"xmlns:m", nsMessages}, {"xmlns:t", nsTypes}}, body.attr...)
	}
	doc := el("s:Envelope", attr{"xmlns:s", nsSoap}, el("s:Header", versionInfo()), el("s:Body", body))
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>`)
	doc.print(&b)
	return b.Bytes()
}

func xmlReply(status int, body *node) reply {
	return reply{status: status, kind: contentXML, body: envelope(body)}
}

// soapFault is the answer to a request that failed as a whole.
func soapFault(f *failure) reply {
	detail := el("detail", el("e:ResponseCode", attr{"xmlns:e", nsErrors}, f.code), el("e:Message", attr{"xmlns:e", nsErrors}, f.text))
	if x := messageXML(f); x != nil {
		x = x.renamed("t:MessageXml")
		x.attr = []attr{{"xmlns:t", nsTypes}}
		detail.kids = append(detail.kids, x)
	}
	return xmlReply(http.StatusInternalServerError, el("s:Fault",
		el("faultcode", attr{"xmlns:a", nsTypes}, "a:"+f.code),
		el("faultstring", attr{"xml:lang", "en-US"}, f.text), detail))
}

// messageXML are the values that belong to a failure, nil without.
func messageXML(f *failure) *node {
	if len(f.values) == 0 {
		return nil
	}
	x := el("m:MessageXml")
	for _, v := range f.values {
		switch v.name {
		case "LineNumber", "LinePosition", "Violation":
			x.kids = append(x.kids, el("t:"+v.name, v.value))
		case "FieldURI":
			x.kids = append(x.kids, el("t:FieldURI", attr{"FieldURI", v.value}))
		default:
			x.kids = append(x.kids, el("t:Value", attr{"Name", v.name}, v.value))
		}
	}
	return x
}

// respond is the answer of an operation that works on a list: one message for each.
func respond(op string, messages []*node) *node {
	return el("m:"+op+"Response", el("m:ResponseMessages", messages))
}

func success(op string, kids ...any) *node {
	n := el("m:"+op+"ResponseMessage", attr{"ResponseClass", "Success"}, el("m:ResponseCode", "NoError"))
	return el(n.name, append([]any{n.attr[0], n.kids}, kids...)...)
}

// problem is the message for one part that failed. What a success would show stands there empty.
func problem(op string, f *failure, empty ...any) *node {
	head := []*node{el("m:MessageText", f.text), el("m:ResponseCode", f.code), el("m:DescriptiveLinkKey", "0")}
	if x := messageXML(f); x != nil {
		head = append(head, x)
	}
	class := "Error"
	if f.code == "ErrorBatchProcessingStopped" {
		class = "Warning"
	}
	return el("m:"+op+"ResponseMessage", append([]any{attr{"ResponseClass", class}, head}, empty...)...)
}
