package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
)

// listing is what a client reads from a 207, whoever wrote it.
type listing struct {
	members []member
	token   string // the sync token, "" where there is none
}

// member is one response.
type member struct {
	href string // as it was written
	etag string // "" where there is none
	gone bool   // 404 for the whole response
}

// namespace of WebDAV.
const davSpace = "DAV:"

// readListing parses a multistatus.
func readListing(answer []byte) (listing, error) {
	var l listing
	var path []string
	d := xml.NewDecoder(bytes.NewReader(answer))
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return l, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			name := t.Name.Local
			if t.Name.Space != davSpace {
				name = "other"
			}
			path = append(path, name)
			if name == "response" {
				l.members = append(l.members, member{})
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			l.take(path, t)
		}
	}
}

// take keeps a piece of text that stands at a path that matters.
func (l *listing) take(path []string, text []byte) {
	at := strings.Join(path, "/")
	if at == "multistatus/sync-token" {
		l.token += strings.TrimSpace(string(text))
		return
	}
	if len(l.members) == 0 {
		return
	}
	m := &l.members[len(l.members)-1]
	switch at {
	case "multistatus/response/href":
		m.href += strings.TrimSpace(string(text))
	case "multistatus/response/propstat/prop/getetag":
		m.etag += strings.TrimSpace(string(text))
	case "multistatus/response/status":
		m.gone = m.gone || bytes.Contains(text, []byte(" 404"))
	}
}

// objects are the members that are there, without the collection itself.
func (l listing) objects(path string) (out []member) {
	for _, m := range l.members {
		if name := nameOf(m.href); !m.gone && name != "" && name != nameOf(path) {
			out = append(out, m)
		}
	}
	return out
}

// nameOf is the decoded last segment of a reference, "" for that of a collection with
// its final slash.
func nameOf(href string) string {
	name := href[strings.LastIndexByte(href, '/')+1:]
	if plain, err := url.PathUnescape(name); err == nil {
		return plain
	}
	return name
}
