package dav

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"crmbridge/dav/davxml"
)

// basicProperties are those of RFC 4918, 3744, 5397 and 5842 that many kinds of resource have.
func basicProperties() []property {
	containers := everywhere &^ atObject
	owned := atPrincipal | atHome | atCollection | atObject
	return []property{
		{name: davxml.D("resourcetype"), on: everywhere, all: true, slim: true, value: resourceType},
		{name: davxml.D("creationdate"), on: atCollection | atObject, all: true, value: creationDate},
		{name: davxml.D("getlastmodified"), on: atCollection | atObject, all: true, value: lastModified},
		{name: davxml.D("current-user-principal"), on: everywhere,
			value: hrefValue(davxml.D("current-user-principal"), callerPath)},
		{name: davxml.D("owner"), on: owned, value: hrefValue(davxml.D("owner"), callerPath)},
		{name: davxml.D("principal-collection-set"), on: everywhere,
			value: hrefValue(davxml.D("principal-collection-set"), func(*env, *resource) string { return principalsPath })},
		{name: davxml.D("add-member"), on: atCollection, // RFC 5995 3.2.1
			value: hrefValue(davxml.D("add-member"), func(_ *env, r *resource) string { return r.path() })},
		{name: davxml.D("supported-report-set"), on: containers, value: supportedReports},
		{name: davxml.D("current-user-privilege-set"), on: everywhere, value: privileges()},
		{name: davxml.D("supported-privilege-set"), on: everywhere,
			value: fixedValue(davxml.D("supported-privilege-set"), privilegeTree())},
		{name: davxml.D("resource-id"), on: atPrincipal | atHome | atCollection, value: resourceID},
		// The homes are found from wherever a client starts.
		{name: calendars.homeSet, on: atRoot | atPrincipals | atPrincipal | atHomes | atHome,
			value: hrefValue(calendars.homeSet, func(e *env, _ *resource) string { return calendars.homePath(e.q.caller.User.Name) })},
		{name: books.homeSet, on: atRoot | atPrincipals | atPrincipal | atHomes | atHome,
			value: hrefValue(books.homeSet, func(e *env, _ *resource) string { return books.homePath(e.q.caller.User.Name) })},
	}
}

func callerPath(e *env, _ *resource) string { return principalPath(e.q.caller.User.Name) }

// resourceType is RFC 4918 15.9, RFC 3744 4, RFC 4791 4.2 and RFC 6352 5.2.
func resourceType(dst []byte, e *env, r *resource) ([]byte, error) {
	name := davxml.D("resourcetype")
	switch {
	case r.at&atObject != 0:
		return davxml.AppendEmpty(dst, name), nil
	case r.at == atPrincipal:
		return davxml.AppendNames(dst, name, davxml.D("collection"), davxml.D("principal")), nil
	case r.at&atCollection != 0:
		kind := r.flavor.resourceType
		// A subscription of macOS: only its owner's programs know what to do with it.
		if subscribed, err := e.subscribed(r); err != nil {
			return dst, err
		} else if subscribed {
			kind = davxml.CS("subscribed")
		}
		return davxml.AppendNames(dst, name, davxml.D("collection"), kind), nil
	}
	return davxml.AppendNames(dst, name, davxml.D("collection")), nil
}

// creationDate is RFC 4918 15.1.
func creationDate(dst []byte, _ *env, r *resource) ([]byte, error) {
	t := r.created()
	// RFC 4918 15.1: ISO 8601.
	return davxml.AppendText(dst, davxml.D("creationdate"), t.UTC().Format(time.RFC3339)), nil
}

// lastModified is RFC 4918 15.7, the Last-Modified of a GET.
func lastModified(dst []byte, _ *env, r *resource) ([]byte, error) {
	return davxml.AppendText(dst, davxml.D("getlastmodified"), r.modified().UTC().Format(http.TimeFormat)), nil
}

func (r *resource) created() time.Time {
	if r.obj != nil {
		return r.obj.CreatedAt
	}
	return r.col.CreatedAt
}

func (r *resource) modified() time.Time {
	if r.obj != nil {
		return r.obj.UpdatedAt
	}
	return r.col.UpdatedAt
}

// resourceID is RFC 5842 3.1: a URI that stays when the resource is renamed.
func resourceID(dst []byte, e *env, r *resource) ([]byte, error) {
	id := "user/" + strconv.FormatInt(int64(e.q.caller.User.ID), 10)
	switch {
	case r.col != nil:
		id = "collection/" + r.col.Epoch + "/" + strconv.FormatInt(int64(r.col.ID), 10)
	case r.at&atHome != 0:
		id += "/" + string(r.flavor.home)
	}
	name := davxml.D("resource-id")
	dst = davxml.AppendOpen(dst, name)
	dst = davxml.AppendHrefURI(dst, uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:crmbridge:"+id)).URN())
	return davxml.AppendClose(dst, name), nil
}

// writable says whether the caller may change what r holds.
func (e *env) writable(r *resource) bool { return writable(e.q.caller, r) }

func writable(c Caller, r *resource) bool {
	return !c.ReadOnly && r.at&(atPrincipal|atHome|atCollection|atObject) != 0 && (r.col == nil || !r.col.ReadOnly)
}

// The privileges of RFC 3744 3 that are told apart here. Clients look for different ones of the writing kind, so
// that a writable resource names the aggregate and its parts, and a read-only one names none.
var (
	readPrivileges  = []xml.Name{davxml.D("read"), davxml.D("read-current-user-privilege-set")}
	writePrivileges = []xml.Name{
		davxml.D("write"), davxml.D("write-content"), davxml.D("write-properties"), davxml.D("bind"), davxml.D("unbind"),
	}
)

// privileges builds RFC 3744 5.4.
func privileges() func([]byte, *env, *resource) ([]byte, error) {
	name := davxml.D("current-user-privilege-set")
	content := func(names []xml.Name) []byte {
		var dst []byte
		for _, n := range names {
			dst = davxml.AppendNames(dst, davxml.D("privilege"), n)
		}
		return dst
	}
	reader := fixedValue(name, content(readPrivileges))
	writer := fixedValue(name, content(slices.Concat(readPrivileges, writePrivileges)))
	// A principal has properties, but nothing in it.
	arranger := fixedValue(name, content(append(slices.Clip(readPrivileges), davxml.D("write-properties"))))
	return func(dst []byte, e *env, r *resource) ([]byte, error) {
		switch {
		case !e.writable(r):
			return reader(dst, e, r)
		case r.at == atPrincipal:
			return arranger(dst, e, r)
		}
		return writer(dst, e, r)
	}
}

// privilegeTree is the content of RFC 3744 5.3: write is made of its parts.
func privilegeTree() []byte {
	leaf := func(dst []byte, n xml.Name, inside ...xml.Name) []byte {
		dst = davxml.AppendOpen(dst, davxml.D("supported-privilege"))
		dst = davxml.AppendNames(dst, davxml.D("privilege"), n)
		for _, sub := range inside {
			dst = davxml.AppendOpen(dst, davxml.D("supported-privilege"))
			dst = davxml.AppendNames(dst, davxml.D("privilege"), sub)
			dst = davxml.AppendText(dst, davxml.D("description"), sub.Local)
			dst = davxml.AppendClose(dst, davxml.D("supported-privilege"))
		}
		return dst
	}
	closing := func(dst []byte, n xml.Name) []byte {
		dst = davxml.AppendText(dst, davxml.D("description"), n.Local)
		return davxml.AppendClose(dst, davxml.D("supported-privilege"))
	}
	dst := leaf(nil, davxml.D("all"))
	dst = closing(leaf(dst, readPrivileges[0], readPrivileges[1:]...), readPrivileges[0])
	dst = closing(leaf(dst, writePrivileges[0], writePrivileges[1:]...), writePrivileges[0])
	return closing(dst, davxml.D("all"))
}
