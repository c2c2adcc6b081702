package dav

import (
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"crmbridge/dav/davxml"
)

// basicProperties are those of RFC 4918, 3744, 5397 and 5842 that many kinds of resource have.
func basicProperties() []property {
	return []property{
		{name: davxml.D("resourcetype"), on: everywhere, all: true, slim: true, value: resourceType},
		{name: davxml.D("creationdate"), on: atCollection | atObject, all: true, value: creationDate},
		{name: davxml.D("getlastmodified"), on: atCollection | atObject, all: true, value: lastModified},
		{name: davxml.D("current-user-principal"), on: everywhere,
			value: hrefValue(davxml.D("current-user-principal"), callerPath)},
		{name: davxml.D("owner"), on: atOwned, value: hrefValue(davxml.D("owner"), callerPath)},
		{name: davxml.D("principal-collection-set"), on: everywhere,
			value: hrefValue(davxml.D("principal-collection-set"), func(*env, *resource) string { return principalsPath })},
		{name: davxml.D("add-member"), on: atCollection, // RFC 5995 3.2.1
			value: hrefValue(davxml.D("add-member"), func(_ *env, r *resource) string { return r.path() })},
		{name: davxml.D("supported-report-set"), on: everywhere, value: supportedReports},
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

// writable says whether c may change what r holds.
func writable(c Caller, r *resource) bool {
	return !c.ReadOnly && r.at&atOwned != 0 && (r.col == nil || !r.col.ReadOnly)
}
