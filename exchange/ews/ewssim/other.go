package ewssim

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
)

func otherOperations() map[string]func(c *call) (*node, error) {
	return map[string]func(c *call) (*node, error){
		"ResolveNames": (*call).resolveNames, "ConvertId": (*call).convertIDs, "GetServerTimeZones": (*call).serverZones,
		"GetUserConfiguration": (*call).userConfiguration, "Subscribe": (*call).subscribe, "Unsubscribe": (*call).unsubscribe,
		"GetEvents": (*call).pullEvents, "GetUserPhoto": (*call).userPhoto,
	}
}

func (c *call) resolveNames() (*node, error) {
	const op = "ResolveNames"
	want := strings.ToLower(strings.TrimPrefix(strings.ToLower(c.req.str("UnresolvedEntry")), "smtp:"))
	set := el("m:ResolutionSet")
	for _, b := range c.boxes {
		name, address := strings.ToLower(b.Name), strings.ToLower(b.Address)
		if strings.HasPrefix(address, want) || strings.Contains(" "+name, " "+want) {
			m := mailboxNode(b.Name, b.Address)
			m.kids = append(m.kids, el("t:MailboxType", "Mailbox"))
			r := el("t:Resolution", m)
			if isTrue(c.req.at("ReturnFullContactData")) {
				r.kids = append(r.kids, el("t:Contact", el("t:DisplayName", b.Name),
					el("t:EmailAddresses", el("t:Entry", attr{"Key", "EmailAddress1"}, "SMTP:"+b.Address)), el("t:ContactSource", "ActiveDirectory")))
			}
			set.kids = append(set.kids, r)
		}
	}
	set.attr = []attr{{"TotalItemsInView", itoa(len(set.kids))}, {"IncludesLastItemInRange", "true"}}
	if len(set.kids) == 0 {
		return respond(op, []*node{problem(op, fail("ErrorNameResolutionNoResults", "No results were found."))}), nil
	}
	out := success(op, set)
	if len(set.kids) > 1 {
		out = problem(op, fail("ErrorNameResolutionMultipleResults", "Multiple results were found."), set)
		out.attr = []attr{{"ResponseClass", "Warning"}}
	}
	return respond(op, []*node{out}), nil
}

// convertIDs turns ids of one form into another. Ids here are one and the same thing in different letters. The mailbox of
// the answer is the one that has the thing, whatever was sent: programs find out with that whose folder they see.
func (c *call) convertIDs() (*node, error) {
	return c.each("ConvertId", c.req.kid("SourceIds").kids, nil, func(n *node) ([]*node, error) {
		id := n.at("Id")
		if n.local() != "AlternateId" {
			return nil, fail("ErrorInvalidOperation", "Public folders are not part of this simulator.")
		}
		var err error
		switch n.at("Format") {
		case "EwsId", "EwsLegacyId":
		case "OwaId":
			id = strings.NewReplacer("-", "/", "_", "+").Replace(id)
		case "HexEntryId", "StoreId", "EntryId":
			var raw []byte
			if n.at("Format") == "HexEntryId" {
				raw, err = hex.DecodeString(id)
			} else {
				raw, err = base64.StdEncoding.DecodeString(id)
			}
			id = base64.StdEncoding.EncodeToString(raw)
		}
		if err != nil {
			return nil, fail("ErrorInvalidIdMalformed", "Id is malformed.")
		}
		t, err := c.decodeID(id)
		if err != nil {
			return nil, err
		}
		b, err := c.boxAt(t.box)
		if err != nil {
			return nil, err
		}
		format := c.req.at("DestinationFormat")
		switch format {
		case "OwaId":
			id = strings.NewReplacer("/", "-", "+", "_").Replace(id)
		case "HexEntryId":
			raw, _ := base64.StdEncoding.DecodeString(id)
			id = strings.ToUpper(hex.EncodeToString(raw))
		}
		return []*node{el("m:AlternateId", attr{"xmlns:xsi", nsSchema + "-instance"}, attr{"xsi:type", "t:AlternateIdType"},
			attr{"Format", format}, attr{"Id", id}, attr{"Mailbox", b.Address})}, nil
	})
}

// serverZones lists the zones that are asked for, or a few.
func (c *call) serverZones() (*node, error) {
	const op = "GetServerTimeZones"
	ids := []string{"UTC", "GMT Standard Time", "W. Europe Standard Time", "Romance Standard Time", "Eastern Standard Time",
		"Pacific Standard Time", "Tokyo Standard Time"}
	if list := c.req.kid("Ids"); list != nil {
		ids = nil
		for _, n := range list.kids {
			if _, ok := zoneOf(n.text); ok {
				ids = append(ids, n.text)
			}
		}
	}
	out := el("m:TimeZoneDefinitions")
	for _, id := range ids {
		n := el("t:TimeZoneDefinition", attr{"Id", id}, attr{"Name", zoneName(id, c.now)})
		if c.req.at("ReturnFullTimeZoneData") != "false" {
			n.kids = zonePeriods(id, c.now.Year())
		}
		out.kids = append(out.kids, n)
	}
	return respond(op, []*node{success(op, out)}), nil
}

// userConfiguration serves what the web mail of the product keeps: the owner's zone.
func (c *call) userConfiguration() (*node, error) {
	const op = "GetUserConfiguration"
	name := c.req.kid("UserConfigurationName")
	f, err := c.findFolder(name.first())
	if err == nil && (f.dist != "root" || name.at("Name") != "OWA.UserOptions") {
		err = fail("ErrorItemNotFound", "The specified object was not found in the store.")
	}
	if err != nil {
		return respond(op, []*node{problem(op, asFailure(err))}), nil
	}
	entry := func(key, typ, value string) *node {
		return el("t:DictionaryEntry",
			el("t:DictionaryKey", el("t:Type", "String"), el("t:Value", key)), el("t:DictionaryValue", el("t:Type", typ), el("t:Value", value)))
	}
	conf := el("m:UserConfiguration",
		el("t:UserConfigurationName", attr{"Name", "OWA.UserOptions"}, c.folderID("t:FolderId", f)),
		el("t:Dictionary", entry("timezone", "String", f.box.Zone), entry("hourincrement", "Integer32", "30")))
	return respond(op, []*node{success(op, conf)}), nil
}

// userPhoto has no photo of anybody: those of contacts are attachments.
func (c *call) userPhoto() (*node, error) {
	out := problem("GetUserPhoto", fail("ErrorItemNotFound", "The specified object was not found in the store."), el("m:HasChanged", "true"))
	out.name = "m:GetUserPhotoResponse"
	return out, nil
}

// autodiscover answers the plain XML protocol (MS-OXDSCLI) with this server's address.
func (s *Sim) autodiscover(r *http.Request, body []byte) reply {
	root, err := parseXML(body)
	if err != nil {
		return reply{status: http.StatusBadRequest}
	}
	address := root.str("Request", "EMailAddress")
	const space = "http://schemas.microsoft.com/exchange/autodiscover/"
	answer := el("Response", attr{"xmlns", space + "outlook/responseschema/2006a"})
	b := s.boxByAddress(address)
	if b == nil {
		answer = el("Response", el("Error", attr{"Time", "00:00:00.0000000"}, attr{"Id", "1"}, el("ErrorCode", "500"),
			el("Message", "The e-mail address cannot be found."), el("DebugData")))
	} else {
		scheme := "http://"
		if r.TLS != nil {
			scheme = "https://"
		}
		url := scheme + r.Host + "/EWS/Exchange.asmx"
		answer.kids = []*node{
			el("User", el("DisplayName", b.Name), el("AutoDiscoverSMTPAddress", b.Address)),
			el("Account", el("AccountType", "email"), el("Action", "settings"),
				el("Protocol", el("Type", "EXCH"), el("ASUrl", url), el("EwsUrl", url)),
				el("Protocol", el("Type", "EXPR"), el("ASUrl", url), el("EwsUrl", url)))}
	}
	doc := el("Autodiscover", attr{"xmlns", space + "responseschema/2006"}, answer)
	return reply{status: http.StatusOK, kind: contentXML, body: []byte(`<?xml version="1.0" encoding="utf-8"?>` + doc.String())}
}
