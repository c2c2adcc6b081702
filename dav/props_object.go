package dav

import (
	"strconv"

	"crmbridge/dav/davxml"
)

// objectProperties are those of events, tasks and cards. The texts themselves (RFC 4791 9.6, RFC 6352 10.4) are asked
// for like properties in a REPORT, and are none elsewhere.
func objectProperties() []property {
	return []property{
		{name: davxml.D("getetag"), on: atObject, all: true, slim: true, value: func(dst []byte, _ *env, r *resource) ([]byte, error) {
			return quoted(dst, davxml.D("getetag"), r.obj.ETag), nil
		}},
		{name: davxml.D("getcontenttype"), on: atObject, all: true,
			value: textValue(davxml.D("getcontenttype"), func(_ *env, r *resource) string {
				return r.flavor.contentType(r.obj.Component)
			})},
		{name: davxml.D("getcontentlength"), on: atObject, all: true,
			value: textValue(davxml.D("getcontentlength"), func(_ *env, r *resource) string {
				return strconv.FormatInt(r.obj.Size, 10)
			})},
		{name: calendars.data, on: atEvent, value: objectData},
		{name: books.data, on: atCard, value: objectData},
	}
}

// objectData appends the text, byte for byte as stored unless the REPORT asked for a part of it.
func objectData(dst []byte, e *env, r *resource) ([]byte, error) {
	if e.data == nil {
		return dst, errAbsent
	}
	text, err := e.data.of(r)
	if err != nil {
		return dst, err
	}
	return davxml.AppendText(dst, r.flavor.data, text), nil
}
