package davxml

// AppendElement appends e with its content, without its Tail. The fixed prefixes must be declared around it.
func AppendElement(dst []byte, e *Element) []byte {
	return appendElement(dst, e, scope{all: true})
}

// AppendStandalone appends e as XML that declares every prefix it uses: ParseElement reads it, it can be stored,
// and it can be put as it is into anything this package prints.
func AppendStandalone(dst []byte, e *Element) []byte {
	return appendElement(dst, e, scope{})
}

// Longer says that e takes more than n bytes to print, long before it is printed: a namespace that stands in the request once
// is declared on every element in it. It may be false for what is a little longer.
func (e *Element) Longer(n int) bool {
	e.spend(&n)
	return n < 0
}

// spend takes what e has at least from left, as long as there is any.
func (e *Element) spend(left *int) {
	*left -= len(e.Name.Local) + len(e.Text)
	if fixedPrefix(e.Name.Space) == "" {
		*left -= len(e.Name.Space)
	}
	for _, a := range e.Attrs {
		*left -= len(a.Name.Local) + len(a.Value)
		if fixedPrefix(a.Name.Space) == "" {
			*left -= len(a.Name.Space)
		}
	}
	for i := range e.Children {
		if *left < 0 {
			return
		}
		*left -= len(e.Children[i].Tail)
		e.Children[i].spend(left)
	}
}

// scope is which of the fixed prefixes are declared around an element.
type scope struct {
	all                      bool
	dav, cal, card, cs, ical bool
}

// declare says whether space needs its fixed prefix declared, and that it is from then on.
func (s *scope) declare(space string) bool {
	if s.all {
		return false
	}
	var known *bool
	switch space {
	case NSDAV:
		known = &s.dav
	case NSCalDAV:
		known = &s.cal
	case NSCardDAV:
		known = &s.card
	case NSCalendarServer:
		known = &s.cs
	case NSAppleICal:
		known = &s.ical
	default:
		return false
	}
	was := *known
	*known = true
	return !was
}

func appendElement(dst []byte, e *Element, in scope) []byte {
	dst = append(dst, '<')
	dst = appendName(dst, e.Name)
	if e.Name.Space != "" && fixedPrefix(e.Name.Space) == "" {
		dst = appendDeclaration(dst, foreignPrefix, e.Name.Space)
	}
	if in.declare(e.Name.Space) {
		dst = appendDeclaration(dst, fixedPrefix(e.Name.Space), e.Name.Space)
	}
	for _, a := range e.Attrs {
		if in.declare(a.Name.Space) {
			dst = appendDeclaration(dst, fixedPrefix(a.Name.Space), a.Name.Space)
		}
	}
	dst = appendAttrs(dst, e.Attrs)
	if e.Text == "" && len(e.Children) == 0 {
		return append(dst, '/', '>')
	}
	dst = append(dst, '>')
	dst = EscapeText(dst, e.Text)
	for i := range e.Children {
		dst = appendElement(dst, &e.Children[i], in)
		dst = EscapeText(dst, e.Children[i].Tail)
	}
	return AppendClose(dst, e.Name)
}
