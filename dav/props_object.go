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
			value: contentLength},
		{name: calendars.data, on: atEvent, value: objectData},
		{name: books.data, on: atCard, value: objectData},
	}
}

// contentLength is the length of what a GET of the same program gets (RFC 4918 15.4): cards that have to be made over for it are
// too dear to count, and have none.
func contentLength(dst []byte, e *env, r *resource) ([]byte, error) {
	size := r.obj.Size
	if r.at == atCard {
		if !e.q.quirks.suits() {
			return dst, errAbsent
		}
		if r.obj.Text == nil {
			whole, err := e.tx.Object(r.col.ID, r.obj.Name)
			if err != nil {
				return dst, err
			}
			r.obj.Text = whole.Text
		}
		size = int64(len(e.q.suited(r.obj.Text, "")))
	}
	return davxml.AppendText(dst, davxml.D("getcontentlength"), strconv.FormatInt(size, 10)), nil
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
