package davxml

import "encoding/xml"

// PrincipalPropertySearch is the principal-property-search REPORT (RFC 3744 9.4).
type PrincipalPropertySearch struct {
	Prop     PropFind
	Test     Test // joins Searches; AllOf unless the test attribute of later clients says anyof
	Searches []PropertySearch
	// ApplyToPrincipalCollections says that the search is not under the request's path but under its
	// DAV:principal-collection-set.
	ApplyToPrincipalCollections bool
	Limit                       int // CS:limit, 0 for all
}

func (*PrincipalPropertySearch) Root() xml.Name { return D("principal-property-search") }

// PropertySearch holds when every one of Props matches (RFC 3744 9.4).
type PropertySearch struct {
	Props []xml.Name
	Text  string    // as sent, trimmed; compared without case
	Match MatchType // MatchContains unless Apple's match-type attribute says otherwise
}

// PrincipalSearchPropertySet is the principal-search-property-set REPORT (RFC 3744 9.5). It says nothing.
type PrincipalSearchPropertySet struct{}

func (*PrincipalSearchPropertySet) Root() xml.Name { return D("principal-search-property-set") }

// PrincipalMatch is the principal-match REPORT (RFC 3744 9.3).
type PrincipalMatch struct {
	Prop PropFind
	// Property is the one whose hrefs name the current user; the zero Name asks for the principals that the
	// current user is (DAV:self).
	Property xml.Name
}

func (*PrincipalMatch) Root() xml.Name { return D("principal-match") }

// ACLPrincipalPropSet is the acl-principal-prop-set REPORT (RFC 3744 9.2).
type ACLPrincipalPropSet struct {
	Prop PropFind
}

func (*ACLPrincipalPropSet) Root() xml.Name { return D("acl-principal-prop-set") }

// CalendarServerPrincipalSearch is Apple's calendarserver-principal-search REPORT: every token must be in some
// name or address of the principal.
type CalendarServerPrincipalSearch struct {
	Prop    PropFind
	Context string   // user, group, location, resource, attendee, or ""
	Tokens  []string // trimmed, not empty
	Limit   int      // 0 for all
}

func (*CalendarServerPrincipalSearch) Root() xml.Name { return CS("calendarserver-principal-search") }

func readPrincipalPropertySearch(el *Element, lim Limits) (Report, error) {
	prop, _, err := readPropFind(el, lim)
	if err != nil {
		return nil, err
	}
	r := &PrincipalPropertySearch{Prop: prop, Test: AllOf}
	if test, _ := el.Attr("test"); Test(test) == AnyOf {
		r.Test = AnyOf
	}
	for i := range el.Children {
		switch c := &el.Children[i]; c.Name {
		case D("property-search"):
			s, err := readPropertySearch(c, lim)
			if err != nil {
				return nil, err
			}
			if len(r.Searches) >= lim.Props {
				return nil, tooLarge("too many searches")
			}
			r.Searches = append(r.Searches, s)
		case D("apply-to-principal-collection-set"):
			r.ApplyToPrincipalCollections = true
		}
	}
	if len(r.Searches) == 0 {
		return nil, malformed("no property-search")
	}
	if r.Limit, err = readLimit(el, CS("limit"), CS("nresults")); err != nil {
		return nil, err
	}
	return r, nil
}

func readPropertySearch(el *Element, lim Limits) (PropertySearch, error) {
	s := PropertySearch{Match: MatchContains}
	prop, match := el.Child(D("prop")), el.Child(D("match"))
	if prop == nil || match == nil {
		return s, malformed("property-search without prop or match")
	}
	names := nameSet{limit: lim.Props}
	if err := names.add(prop); err != nil {
		return s, err
	}
	s.Props = names.list
	s.Text = match.Value()
	if t, _ := match.Attr("match-type"); t != "" {
		s.Match = MatchType(t)
	}
	switch s.Match {
	case MatchContains, MatchEquals, MatchStartsWith, MatchEndsWith:
	default:
		return s, malformed("match-type %.40q", s.Match)
	}
	return s, nil
}

func readPrincipalSearchPropertySet(*Element, Limits) (Report, error) {
	return &PrincipalSearchPropertySet{}, nil
}

func readACLPrincipalPropSet(el *Element, lim Limits) (Report, error) {
	prop, _, err := readPropFind(el, lim)
	if err != nil {
		return nil, err
	}
	return &ACLPrincipalPropSet{Prop: prop}, nil
}

func readPrincipalMatch(el *Element, lim Limits) (Report, error) {
	prop, _, err := readPropFind(el, lim)
	if err != nil {
		return nil, err
	}
	r := &PrincipalMatch{Prop: prop}
	pp, self := el.Child(D("principal-property")), el.Child(D("self"))
	switch {
	case (pp == nil) == (self == nil):
		return nil, malformed("principal-match wants one of principal-property and self")
	case pp != nil && len(pp.Children) != 1:
		return nil, malformed("principal-property wants one property")
	case pp != nil:
		r.Property = pp.Children[0].Name
	}
	return r, nil
}

func readCalendarServerPrincipalSearch(el *Element, lim Limits) (Report, error) {
	prop, _, err := readPropFind(el, lim)
	if err != nil {
		return nil, err
	}
	r := &CalendarServerPrincipalSearch{Prop: prop}
	r.Context, _ = el.Attr("context")
	for i := range el.Children {
		if c := &el.Children[i]; c.Name == CS("search-token") && c.Value() != "" {
			if len(r.Tokens) >= lim.Props {
				return nil, tooLarge("too many search tokens")
			}
			r.Tokens = append(r.Tokens, c.Value())
		}
	}
	if len(r.Tokens) == 0 {
		return nil, malformed("no search-token")
	}
	if r.Limit, err = readLimit(el, CS("limit"), CS("nresults")); err != nil {
		return nil, err
	}
	return r, nil
}
