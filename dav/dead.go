package dav

import (
	"encoding/xml"
	"net/url"
	"strings"

	"crmbridge/dav/davxml"
	"crmbridge/store"
)

// subscribedMark is the name of a dead property of our own, hidden from clients: the collection is a subscription
// that macOS keeps here (CS:subscribed), not a calendar.
var subscribedMark = xml.Name{Space: "urn:crmbridge:dav", Local: "subscribed"}

// owner is the key of r's dead properties, "" where there are none.
func (r *resource) owner(u store.UserID) string {
	switch {
	case r.at == atPrincipal:
		return store.PrincipalOwner(u)
	case r.at&atHome != 0:
		return store.HomeOwner(u, r.flavor.home)
	case r.at&atCollection != 0:
		return store.CollectionOwner(r.col.ID)
	}
	return ""
}

// loadDead reads them once.
func (r *resource) loadDead(e *env) error {
	if r.dead != nil || !hasDead(r.at) {
		return nil
	}
	dead, err := e.tx.Properties(r.owner(e.q.caller.User.ID))
	if err != nil {
		return err
	}
	r.dead = append(make([]store.Property, 0, len(dead)), dead...)
	return nil
}

// deadValue is the XML of a loaded property, nil without it.
func (r *resource) deadValue(name xml.Name) []byte {
	for i := range r.dead {
		if r.dead[i].Space == name.Space && r.dead[i].Local == name.Local {
			return r.dead[i].XML
		}
	}
	return nil
}

// subscribed reports a collection that macOS made for a subscription.
func (e *env) subscribed(r *resource) (bool, error) {
	if err := r.loadDead(e); err != nil {
		return false, err
	}
	return r.deadValue(subscribedMark) != nil, nil
}

// isSource says whether a CS:source holds the address of a calendar elsewhere: programs fetch what stands there.
func isSource(el *davxml.Element) bool {
	href := el.Child(davxml.D("href"))
	if href == nil {
		return false
	}
	u, err := url.Parse(href.Value())
	if err != nil || u.Host == "" {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https", "webcal", "webcals":
		return true
	}
	return false
}

// deadChange is one change of a dead property; xml nil removes it.
type deadChange struct {
	name xml.Name
	xml  []byte
}

// deadOf prints a property that is kept without being understood, namespaces and language included (RFC 4918 4.3).
func deadOf(el *davxml.Element) deadChange {
	return deadChange{name: el.Name, xml: davxml.AppendStandalone(nil, el)}
}

// saveDead writes changes that were checked.
func saveDead(tx *store.Tx, owner string, changes []deadChange) error {
	for _, c := range changes {
		var err error
		if c.xml == nil {
			err = tx.DeleteProperty(owner, c.name.Space, c.name.Local)
		} else {
			err = tx.SetProperty(store.Property{Owner: owner, Space: c.name.Space, Local: c.name.Local, XML: c.xml})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
