package dav

import (
	"encoding/xml"
	"net/http"
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// The searches for principals find the caller and nobody else: who has an account here is no client's business
// (SECURITY.md 6).

// searchable are the properties that principals can be found by, with what people call them.
func searchable(u store.User) map[xml.Name][]string {
	addresses := []string{principalPath(u.Name)}
	if u.Email != "" {
		addresses = append(addresses, "mailto:"+u.Email)
	}
	name := u.DisplayName
	if name == "" {
		name = u.Name
	}
	return map[xml.Name][]string{
		davxml.D("displayname"):               {name},
		davxml.CS("email-address-set"):        {u.Email},
		davxml.C("calendar-user-address-set"): addresses,
		davxml.C("calendar-user-type"):        {"INDIVIDUAL"},
	}
}

// self answers with the caller's principal, or with nothing.
func (q *request) self(ask davxml.PropFind, is bool) error {
	return q.view(func(tx *store.Tx) error {
		l := q.newLister(tx, ask)
		if is {
			if err := l.respond(&resource{target: target{at: atPrincipal, user: q.caller.User.Name}}); err != nil {
				return err
			}
		}
		return l.ms.End()
	})
}

// depthZero refuses other depths of the reports that have none (RFC 3744 9.2 to 9.5).
func (q *request) depthZero() error {
	depth, err := q.depth(0)
	if err == nil && depth != 0 {
		err = badRequest("This report has depth 0 only.", nil)
	}
	return err
}

// aclPrincipalPropSet is RFC 3744 9.2: whoever stands in the DAV:acl of a resource, and that is its owner.
func (q *request) aclPrincipalPropSet(rep *davxml.ACLPrincipalPropSet) error {
	if err := q.depthZero(); err != nil {
		return err
	}
	owned := false
	err := q.h.store.View(q.ctx, func(tx *store.Tx) error {
		r, err := q.load(tx, q.at)
		owned = err == nil && r.at&atOwned != 0
		return err
	})
	if err != nil {
		return err
	}
	return q.self(rep.Prop, owned)
}

// principalMatch is RFC 3744 9.3.
func (q *request) principalMatch(rep *davxml.PrincipalMatch) error {
	if err := q.depthZero(); err != nil {
		return err
	}
	if q.at.at == atPrincipals {
		return q.self(rep.Prop, rep.Property == xml.Name{} || rep.Property == davxml.D("principal-URL"))
	}
	// Everything below is the caller's own.
	return q.view(func(tx *store.Tx) error {
		r, err := q.load(tx, q.at)
		if err != nil {
			return err
		}
		l := q.newLister(tx, rep.Prop)
		if rep.Property == davxml.D("owner") {
			if err := l.members(r); err != nil {
				return err
			}
		}
		return l.ms.End()
	})
}

// principalPropertySearch is RFC 3744 9.4.
func (q *request) principalPropertySearch(rep *davxml.PrincipalPropertySearch) error {
	if err := q.depthZero(); err != nil {
		return err
	}
	values := searchable(q.caller.User)
	hits := 0
	for _, s := range rep.Searches {
		if found(values, s) {
			hits++
		}
	}
	return q.self(rep.Prop, hits == len(rep.Searches) || rep.Test == davxml.AnyOf && hits > 0)
}

// found says whether every property of the search has a value that matches.
func found(values map[xml.Name][]string, s davxml.PropertySearch) bool {
	for _, name := range s.Props {
		any := false
		for _, v := range values[name] {
			any = any || v != "" && textIs(v, s.Text, s.Match)
		}
		if !any {
			return false
		}
	}
	return true
}

func textIs(value, text string, how davxml.MatchType) bool {
	value, text = strings.ToLower(value), strings.ToLower(text)
	switch how {
	case davxml.MatchEquals:
		return value == text
	case davxml.MatchStartsWith:
		return strings.HasPrefix(value, text)
	case davxml.MatchEndsWith:
		return strings.HasSuffix(value, text)
	}
	return strings.Contains(value, text)
}

// calendarServerPrincipalSearch is Apple's: each token in some name or address.
func (q *request) calendarServerPrincipalSearch(rep *davxml.CalendarServerPrincipalSearch) error {
	values := searchable(q.caller.User)
	is := true
	for _, token := range rep.Tokens {
		any := false
		for name := range values {
			any = any || found(values, davxml.PropertySearch{Props: []xml.Name{name}, Text: token, Match: davxml.MatchContains})
		}
		is = is && any
	}
	return q.self(rep.Prop, is)
}

// principalSearchPropertySet is RFC 3744 9.5.
func (q *request) principalSearchPropertySet(*davxml.PrincipalSearchPropertySet) error {
	if err := q.depthZero(); err != nil {
		return err
	}
	var content []byte
	for _, p := range []struct {
		name xml.Name
		text string
	}{
		{davxml.D("displayname"), "Name"},
		{davxml.CS("email-address-set"), "E-mail address"},
		{davxml.C("calendar-user-address-set"), "Calendar address"},
	} {
		content = davxml.AppendOpen(content, davxml.D("principal-search-property"))
		content = davxml.AppendNames(content, davxml.D("prop"), p.name)
		content = davxml.AppendText(content, davxml.D("description"), p.text)
		content = davxml.AppendClose(content, davxml.D("principal-search-property"))
	}
	q.answerXML(http.StatusOK, davxml.AppendDocument(nil, davxml.D("principal-search-property-set"), content))
	return nil
}
