package davxml

import "encoding/xml"

// The appenders print one element each to the end of dst and return it, as append does. They need the fixed
// prefixes declared around them, as MultiStatus and AppendDocument do, and declare any other namespace on the
// element itself. Names must be XML names: those of a parsed body are.

// AppendOpen appends a start tag.
func AppendOpen(dst []byte, name xml.Name, attrs ...xml.Attr) []byte {
	return append(appendTag(dst, name, attrs), '>')
}

// AppendClose appends the end tag to an AppendOpen of the same name.
func AppendClose(dst []byte, name xml.Name) []byte {
	dst = append(dst, '<', '/')
	dst = appendName(dst, name)
	return append(dst, '>')
}

// AppendEmpty appends an element without content, such as a property that was not found.
func AppendEmpty(dst []byte, name xml.Name, attrs ...xml.Attr) []byte {
	return append(appendTag(dst, name, attrs), '/', '>')
}

// AppendText appends an element that holds escaped text.
func AppendText[T text](dst []byte, name xml.Name, s T) []byte {
	dst = append(appendTag(dst, name, nil), '>')
	dst = EscapeText(dst, s)
	return AppendClose(dst, name)
}

// AppendHref appends a DAV:href of a decoded path.
func AppendHref(dst []byte, path string) []byte {
	dst = append(dst, "<D:href>"...)
	dst = appendPath(dst, path, true)
	return append(dst, "</D:href>"...)
}

// AppendHrefURI appends a DAV:href of what is a URI already, such as mailto:ann@example.org.
func AppendHrefURI(dst []byte, uri string) []byte {
	dst = append(dst, "<D:href>"...)
	dst = EscapeText(dst, uri)
	return append(dst, "</D:href>"...)
}

// AppendHrefs appends a property whose value is the hrefs of decoded paths, such as DAV:owner.
func AppendHrefs(dst []byte, name xml.Name, paths ...string) []byte {
	dst = append(appendTag(dst, name, nil), '>')
	for _, p := range paths {
		dst = AppendHref(dst, p)
	}
	return AppendClose(dst, name)
}

// AppendNames appends a property whose value is empty elements, such as DAV:resourcetype.
func AppendNames(dst []byte, name xml.Name, children ...xml.Name) []byte {
	dst = append(appendTag(dst, name, nil), '>')
	for _, c := range children {
		dst = AppendEmpty(dst, c)
	}
	return AppendClose(dst, name)
}

// AppendDocument appends a whole document: declaration, root with all fixed prefixes, and content, which is XML.
func AppendDocument(dst []byte, root xml.Name, content []byte) []byte {
	dst = append(dst, prolog...)
	dst = appendTag(dst, root, nil)
	dst = append(dst, rootDeclarations...)
	dst = append(dst, '>')
	dst = append(dst, content...)
	return AppendClose(dst, root)
}

// foreignPrefix is the prefix of an element in a namespace without fixed prefix. Each such element declares it
// anew, so printing needs no memory of what is in scope.
const foreignPrefix = "x"

func appendName(dst []byte, name xml.Name) []byte {
	if name.Space != "" {
		prefix := fixedPrefix(name.Space)
		if prefix == "" {
			prefix = foreignPrefix
		}
		dst = append(append(dst, prefix...), ':')
	}
	return append(dst, name.Local...)
}

// appendTag appends a start tag up to where ">" or "/>" follows.
func appendTag(dst []byte, name xml.Name, attrs []xml.Attr) []byte {
	dst = append(dst, '<')
	dst = appendName(dst, name)
	if name.Space != "" && fixedPrefix(name.Space) == "" {
		dst = appendDeclaration(dst, foreignPrefix, name.Space)
	}
	return appendAttrs(dst, attrs)
}

func appendDeclaration(dst []byte, prefix, space string) []byte {
	dst = append(dst, " xmlns:"...)
	dst = append(dst, prefix...)
	dst = append(dst, '=', '"')
	dst = EscapeAttr(dst, space)
	return append(dst, '"')
}

// appendAttrs gives each attribute of a foreign namespace a prefix of its own, xa to xz and on.
func appendAttrs(dst []byte, attrs []xml.Attr) []byte {
	for i, a := range attrs {
		dst = append(dst, ' ')
		switch prefix := fixedPrefix(a.Name.Space); {
		case a.Name.Space == "":
		case prefix != "":
			dst = append(append(dst, prefix...), ':')
		default:
			own := appendAttrPrefix(make([]byte, 0, 8), i)
			dst = append(dst, "xmlns:"...)
			dst = append(dst, own...)
			dst = append(dst, '=', '"')
			dst = EscapeAttr(dst, a.Name.Space)
			dst = append(dst, '"', ' ')
			dst = append(append(dst, own...), ':')
		}
		dst = append(dst, a.Name.Local...)
		dst = append(dst, '=', '"')
		dst = EscapeAttr(dst, a.Value)
		dst = append(dst, '"')
	}
	return dst
}

func appendAttrPrefix(dst []byte, i int) []byte {
	dst = append(dst, foreignPrefix...)
	for ; i >= 26; i /= 26 {
		dst = append(dst, byte('a'+i%26))
	}
	return append(dst, byte('a'+i), '_')
}
