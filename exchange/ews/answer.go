package ews

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"crmbridge/pim"
)

// The answers, read by local names in any order; what is not named here is passed over. Values are texts until somebody asks for
// them, so that one that cannot be read spoils nothing else.

// answer is an envelope.
type answer struct {
	Body struct {
		Fault    *fault   `xml:"Fault"`
		Response response `xml:",any"`
	} `xml:"Body"`
}

// response is that of any operation.
type response struct {
	XMLName  xml.Name
	Messages struct {
		List []message `xml:",any"`
	} `xml:"ResponseMessages"`
}

// fault is SOAP 1.1 4.4 with what Exchange puts into its detail.
type fault struct {
	Code   string `xml:"faultcode"`
	Text   string `xml:"faultstring"`
	Detail struct {
		ResponseCode string     `xml:"ResponseCode"`
		Message      string     `xml:"Message"`
		XML          messageXML `xml:"MessageXml"`
	} `xml:"detail"`
}

type messageXML struct {
	Values []struct {
		Name string `xml:"Name,attr"`
		Text string `xml:",chardata"`
	} `xml:"Value"`
}

func (m messageXML) value(name string) string {
	for _, v := range m.Values {
		if v.Name == name {
			return strings.TrimSpace(v.Text)
		}
	}
	return ""
}

// message is one ResponseMessage of any operation.
type message struct {
	Class string     `xml:"ResponseClass,attr"` // Success, Warning, Error
	Text  string     `xml:"MessageText"`
	Code  string     `xml:"ResponseCode"`
	XML   messageXML `xml:"MessageXml"`

	Items   items   `xml:"Items"`
	Folders folders `xml:"Folders"`
	Root    struct {
		Next    val     `xml:"IndexedPagingOffset,attr"`
		Last    val     `xml:"IncludesLastItemInRange,attr"`
		Items   items   `xml:"Items"`
		Folders folders `xml:"Folders"`
	} `xml:"RootFolder"`
	SyncState  string `xml:"SyncState"`
	LastItem   val    `xml:"IncludesLastItemInRange"`
	LastFolder val    `xml:"IncludesLastFolderInRange"`
	Changes    struct {
		List []change `xml:",any"`
	} `xml:"Changes"`
	Attachments struct {
		Files []attachment `xml:"FileAttachment"`
	} `xml:"Attachments"`
	// RootItem is the item whose attachment was deleted.
	RootItem struct {
		ID  string `xml:"RootItemId,attr"`
		Key string `xml:"RootItemChangeKey,attr"`
	} `xml:"RootItemId"`

	Configuration struct {
		XML string `xml:"XmlData"` // base64
	} `xml:"UserConfiguration"`

	SubscriptionID string `xml:"SubscriptionId"`
	Notifications  struct {
		List []notification `xml:"Notification"`
	} `xml:"Notifications"`
	Connection string `xml:"ConnectionStatus"` // OK, Closed
}

// items are what is in an element that lists items, each by the name of its kind.
type items struct {
	List []item `xml:",any"`
}

type folders struct {
	List []folder `xml:",any"`
}

// change is one of a sync: its name is Create, Update, Delete or ReadFlagChange.
type change struct {
	XMLName  xml.Name
	ItemID   ident `xml:"ItemId"`   // of Delete and ReadFlagChange
	FolderID ident `xml:"FolderId"` // of Delete
	// Folders have these names, and items any other.
	Plain     []folder `xml:"Folder"`
	Calendars []folder `xml:"CalendarFolder"`
	Tasks     []folder `xml:"TasksFolder"`
	Contacts  []folder `xml:"ContactsFolder"`
	Searches  []folder `xml:"SearchFolder"`
	Items     []item   `xml:",any"`
}

// folders are those of a change.
func (c *change) folders() []folder {
	return slices.Concat(c.Plain, c.Calendars, c.Tasks, c.Contacts, c.Searches)
}

type notification struct {
	SubscriptionID string  `xml:"SubscriptionId"`
	Events         []event `xml:",any"`
}

// event is one of a notification, by its name: CreatedEvent, StatusEvent …
type event struct {
	XMLName   xml.Name
	Folder    ident `xml:"FolderId"` // of an event about a folder; "" where it is about an item
	Parent    ident `xml:"ParentFolderId"`
	OldParent ident `xml:"OldParentFolderId"`
}

type ident struct {
	ID        string `xml:"Id,attr"`
	ChangeKey string `xml:"ChangeKey,attr"`
}

type folder struct {
	XMLName xml.Name // CalendarFolder, TasksFolder, ContactsFolder, Folder …
	ID      ident    `xml:"FolderId"`
	Parent  ident    `xml:"ParentFolderId"`
	Class   string   `xml:"FolderClass"`
	Name    string   `xml:"DisplayName"`
	Total   val      `xml:"TotalCount"`
	Rights  struct {
		Create val `xml:"CreateContents"`
		Read   val `xml:"Read"`
	} `xml:"EffectiveRights"`
	Extended []extendedValue `xml:"ExtendedProperty"`
}

// val is a value as it was written.
type val string

func (v val) text() string { return strings.TrimSpace(string(v)) }

func (v val) bool() bool { b, _ := strconv.ParseBool(v.text()); return b }

// int is a whole number; numbers with a fraction are cut, and what is none is 0.
func (v val) int() int {
	f, err := strconv.ParseFloat(v.text(), 64)
	if err != nil || f > 1<<31 || f < -1<<31 {
		return 0
	}
	return int(f)
}

// minutes is a number of minutes; what is beyond any sense is 0: Exchange marks values that it has not got by large numbers.
func (v val) minutes() time.Duration {
	if n := v.int(); n > 0 && time.Duration(n)*time.Minute <= mostAhead {
		return time.Duration(n) * time.Minute
	}
	return 0
}

// time is xs:dateTime in UTC, zero when absent or unreadable. One without offset is UTC by our TimeZoneContext.
func (v val) time() time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02Z07:00", time.DateOnly} {
		if t, err := time.Parse(layout, v.text()); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// readAnswer reads an envelope.
func readAnswer(op string, body []byte) (answer, error) {
	var a answer
	d := decoder(bytes.NewReader(body))
	if err := d.Decode(&a); err != nil {
		return a, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Exchange's answer is not complete or not readable", Err: err}
	}
	if a.Body.Fault == nil && len(a.Body.Response.Messages.List) == 0 {
		return a, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Exchange's answer is none of Exchange Web Services"}
	}
	return a, nil
}

// decoder reads XML as Exchange writes it.
func decoder(r io.Reader) *xml.Decoder { return strict(&lenient{in: r}) }

// strict reads XML in UTF-8.
func strict(r io.Reader) *xml.Decoder {
	d := xml.NewDecoder(r)
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "utf-8") {
			return in, nil
		}
		return nil, errors.New("ews: charset " + strconv.Quote(charset))
	}
	return d
}
