package ews

import (
	"bytes"
)

// Namespaces of EWS.
const (
	nsSOAP     = "http://schemas.xmlsoap.org/soap/envelope/"
	nsMessages = "http://schemas.microsoft.com/exchange/services/2006/messages"
	nsTypes    = "http://schemas.microsoft.com/exchange/services/2006/types"
)

// serverVersion is the newest schema that Exchange 2013 SP1 and everything after it understands.
const serverVersion = "Exchange2013_SP1"

// envelope is a request. The operation declares its namespaces itself, so that it stands on its own against the schema. Times
// without a zone are UTC to both sides by the TimeZoneContext; whose mailbox is meant is a header too, unless it is the login's.
func envelope(op el, impersonate string) []byte {
	header := node("s:Header", leaf("t:RequestServerVersion", "", "Version", serverVersion))
	if impersonate != "" {
		header.kids = append(header.kids, node("t:ExchangeImpersonation", node("t:ConnectingSID", leaf("t:PrimarySmtpAddress", impersonate))))
	}
	header.kids = append(header.kids, node("t:TimeZoneContext", leaf("t:TimeZoneDefinition", "", "Id", "UTC")))
	op.attr = append([]string{"xmlns:m", nsMessages, "xmlns:t", nsTypes}, op.attr...)
	root := node("s:Envelope", header, node("s:Body", op))
	root.attr = []string{"xmlns:s", nsSOAP, "xmlns:t", nsTypes}
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n")
	root.write(&b)
	return b.Bytes()
}

// path names a property of an item or folder (t:Path).
type path struct {
	uri   string // FieldURI, or that of a dictionary
	index string // the key in the dictionary
	ext   extended
}

// extended names a MAPI property (PathToExtendedFieldType): by its tag, by name in a set, or by number in a set that has a name.
type extended struct {
	tag, set, name, typ string
	known, id           string // DistinguishedPropertySetId, PropertyId
}

func uri(s string) path { return path{uri: s} }

func (p path) el() el {
	switch {
	case p.ext != extended{}:
		return p.ext.el()
	case p.index != "":
		return leaf("t:IndexedFieldURI", "", "FieldURI", p.uri, "FieldIndex", p.index)
	}
	return leaf("t:FieldURI", "", "FieldURI", p.uri)
}

func (x extended) el() el {
	e := leaf("t:ExtendedFieldURI", "")
	for _, a := range [][2]string{{"DistinguishedPropertySetId", x.known}, {"PropertySetId", x.set}, {"PropertyTag", x.tag}, {"PropertyName", x.name}, {"PropertyId", x.id}, {"PropertyType", x.typ}} {
		if a[1] != "" {
			e = e.with(a[0], a[1])
		}
	}
	return e
}

func (x extended) value(v string) el { return node("t:ExtendedProperty", x.el(), leaf("t:Value", v)) }

// shape asks for the named properties besides the id. Bodies are asked for as text: Exchange makes it of HTML itself.
func shape(name string, text bool, paths []path) el {
	e := node(name, leaf("t:BaseShape", "IdOnly"))
	if text {
		e.kids = append(e.kids, leaf("t:BodyType", "Text"))
	}
	if len(paths) > 0 {
		all := node("t:AdditionalProperties")
		for _, p := range paths {
			all.kids = append(all.kids, p.el())
		}
		e.kids = append(e.kids, all)
	}
	return e
}

func itemID(id, changeKey string) el {
	e := leaf("t:ItemId", "", "Id", id)
	if changeKey != "" {
		e = e.with("ChangeKey", changeKey)
	}
	return e
}

func folderID(id string) el { return leaf("t:FolderId", "", "Id", id) }

// distinguished is a folder that every mailbox has: that of the login or of whom it acts for, or, with an address, somebody else's.
func distinguished(name, of string) el {
	e := leaf("t:DistinguishedFolderId", "", "Id", name)
	if of != "" {
		e.kids = []el{node("t:Mailbox", leaf("t:EmailAddress", of))}
	}
	return e
}
