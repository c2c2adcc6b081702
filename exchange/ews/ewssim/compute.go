package ewssim

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(v string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(v))
	return n
}

// computed gives what no client sets, by element name; nil means that there is no such property.
type computed map[string]func(c *call, v view, sh *shape) *node

// value is a property of an item as it is shown, nil without.
func (c *call) value(v view, name string, sh *shape) *node {
	if f := c.computed[v.it.class+":"+name]; f != nil {
		return named(name, f(c, v, sh))
	}
	if f := c.computed[name]; f != nil {
		return named(name, f(c, v, sh))
	}
	return v.prop(name)
}

func named(name string, n *node) *node {
	if n != nil && n.name != "t:"+name {
		return n.renamed("t:" + name)
	}
	return n
}

// said is a computed text.
func said(text string) *node { return &node{text: text} }

func saidIf(text string) *node {
	if text == "" {
		return nil
	}
	return said(text)
}

// newComputed are the properties of all items and those of each class.
func newComputed() computed {
	m := computed{
		"ItemId":           func(c *call, v view, _ *shape) *node { return c.viewID(v) },
		"ParentFolderId":   func(c *call, v view, _ *shape) *node { return c.folderID("t:ParentFolderId", v.it.folder) },
		"Size":             func(_ *call, v view, _ *shape) *node { return said(strconv.Itoa(v.size())) },
		"HasAttachments":   func(_ *call, v view, _ *shape) *node { return said(boolText(len(v.shownFiles()) > 0)) },
		"Attachments":      (*call).attachmentList,
		"DateTimeReceived": func(_ *call, v view, _ *shape) *node { return said(stamp(v.it.received())) },
		"DateTimeSent":     func(_ *call, v view, _ *shape) *node { return said(stamp(v.it.received())) },
		"DateTimeCreated":  func(_ *call, v view, _ *shape) *node { return said(stamp(v.it.created)) },
		"LastModifiedTime": func(_ *call, v view, _ *shape) *node { return said(stamp(v.modified())) },
		"LastModifiedName": func(_ *call, v view, _ *shape) *node { return said(v.it.box.Name) },
		"IsAssociated":     func(_ *call, v view, _ *shape) *node { return said(boolText(v.it.associated)) },
		"EffectiveRights":  itemRights,
		"Body":             (*call).bodyNode,
		"MimeContent":      (*call).mimeContent,
		"DisplayTo":        func(_ *call, v view, _ *shape) *node { return said(v.display("ToRecipients", "RequiredAttendees")) },
		"DisplayCc":        func(_ *call, v view, _ *shape) *node { return said(v.display("CcRecipients", "OptionalAttendees")) },
		"ReminderDueBy":    reminderDue,
		"TextBody": func(c *call, v view, sh *shape) *node {
			return c.bodyNode(v, &shape{body: "Text", maxBody: sh.maxBody})
		},
		"InstanceKey": func(c *call, v view, _ *shape) *node {
			return said(base64.StdEncoding.EncodeToString(c.sign([]byte(c.viewID(v).at("Id")))[:16]))
		},
		"ConversationId": func(c *call, v view, _ *shape) *node {
			if !v.it.isMessage() {
				return nil
			}
			return idNode("t:ConversationId", base64.StdEncoding.EncodeToString(c.sign([]byte(strings.ToLower(v.text("Subject"))))), "")
		},
		"WebClientReadFormQueryString": func(c *call, v view, _ *shape) *node {
			return said("https://mail.example.org/owa/?ItemID=" + c.viewID(v).at("Id") + "&exvsurl=1&viewmodel=ReadMessageItem")
		},
		"ExtendedProperty": func(*call, view, *shape) *node { return nil },
	}
	for _, add := range []func(computed){calendarComputed, taskComputed, contactComputed, messageComputed} {
		add(m)
	}
	return m
}

// itemRights are the caller's; delegates here have all but a look into what is private.
func itemRights(c *call, v view, _ *shape) *node {
	n := fullRights()
	if v.it.box != c.box {
		n.kids[len(n.kids)-1] = el("t:ViewPrivateItems", "false")
	}
	return n
}

func fullRights() *node {
	n := &node{}
	for _, r := range []string{"CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems"} {
		n.kids = append(n.kids, el("t:"+r, boolText(r != "CreateAssociated" && r != "CreateContents" && r != "CreateHierarchy")))
	}
	return n
}

func reminderDue(c *call, v view, _ *shape) *node {
	if v.it.isCalendar() {
		return said(stamp(v.start()))
	}
	return v.prop("ReminderDueBy")
}

// bodyNode is the body in the form that is asked for. What was sent as HTML comes back as a whole document, as the product
// stores it.
func (c *call) bodyNode(v view, sh *shape) *node {
	b := v.prop("Body")
	if b == nil {
		b = el("t:Body", attr{"BodyType", "Text"})
	}
	kind, text := b.at("BodyType"), b.text
	switch {
	case sh.body == "Text" && kind == "HTML":
		kind, text = "Text", plainText(text)
	case sh.body == "HTML" && kind == "Text":
		kind, text = "HTML", document(strings.ReplaceAll(html.EscapeString(text), "\r\n", "<br>\r\n"))
	case kind == "HTML" && text != "" && !strings.Contains(strings.ToLower(text), "<html"):
		text = document(text)
	}
	out := el("t:Body", attr{"BodyType", kind})
	if sh.maxBody > 0 && len(text) > sh.maxBody {
		cut := sh.maxBody
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
		out.attr = append(out.attr, attr{"IsTruncated", "true"})
	} else {
		out.attr = append(out.attr, attr{"IsTruncated", "false"})
	}
	out.text = text
	return out
}

func document(fragment string) string {
	return "<html>\r\n<head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head>\r\n<body>\r\n" +
		fragment + "\r\n</body>\r\n</html>\r\n"
}

// plainText is what is left of HTML.
func plainText(source string) string {
	var b strings.Builder
	lower := strings.ToLower(source)
	for i := 0; i < len(source); {
		switch {
		case source[i] != '<':
			j := strings.IndexByte(source[i:], '<')
			if j < 0 {
				j = len(source) - i
			}
			text := html.UnescapeString(spaced(source[i : i+j]))
			if b.Len() == 0 || strings.HasSuffix(b.String(), "\n") || strings.HasSuffix(b.String(), " ") {
				text = strings.TrimLeft(text, " ")
			}
			b.WriteString(text)
			i += j
		default:
			j := strings.IndexByte(source[i:], '>')
			if j < 0 {
				return b.String()
			}
			tag := strings.Trim(strings.Fields(lower[i+1:i+j] + " x")[0], "/")
			i += j + 1
			switch tag {
			case "br", "p", "div", "tr", "li":
				if b.Len() > 0 && !strings.HasSuffix(b.String(), "\r\n") {
					b.WriteString("\r\n")
				}
			case "head", "style", "script", "title":
				if end := strings.Index(lower[i:], "</"+tag); end >= 0 {
					i += end
				}
			}
		}
	}
	return strings.TrimRight(b.String(), "\r\n ") + "\r\n"
}

// spaced has one space for each run of white space.
func spaced(text string) string {
	out := strings.Join(strings.Fields(text), " ")
	if out == "" {
		return " "
	}
	if strings.TrimLeft(text, " \r\n\t") != text {
		out = " " + out
	}
	if strings.TrimRight(text, " \r\n\t") != text {
		out += " "
	}
	return out
}

// size is about what an item takes.
func (v view) size() int {
	n := 512
	for _, p := range v.it.props {
		n += len(p.String())
	}
	for _, e := range v.it.ext {
		n += len(e.String())
	}
	for _, f := range v.files() {
		n += len(f.content)
	}
	return n
}

func (it *item) received() time.Time {
	if t := it.time("received"); !t.IsZero() {
		return t
	}
	return it.created
}

// display is the names of recipients, as a list's column shows them.
func (v view) display(props ...string) string {
	var names []string
	for _, p := range props {
		for _, r := range v.prop(p).all() {
			box := r
			if m := r.kid("Mailbox"); m != nil {
				box = m
			}
			name := box.str("Name")
			if name == "" {
				name = box.str("EmailAddress")
			}
			names = append(names, name)
		}
	}
	return strings.Join(names, "; ")
}

func taskComputed(m computed) {
	for name, def := range map[string]string{"ActualWork": "", "TotalWork": "", "PercentComplete": "0", "Status": "NotStarted",
		"ChangeCount": "1", "DelegationState": "NoMatch", "IsAssignmentEditable": "0", "IsTeamTask": "false"} {
		m["Task:"+name] = func(_ *call, v view, _ *shape) *node {
			if p := v.prop(name); p != nil {
				return p
			}
			return saidIf(def)
		}
	}
	m["Task:IsComplete"] = func(_ *call, v view, _ *shape) *node { return said(boolText(v.text("Status") == "Completed")) }
	m["Task:IsRecurring"] = func(_ *call, v view, _ *shape) *node { return said(boolText(v.prop("Recurrence") != nil)) }
	m["Task:StatusDescription"] = func(_ *call, v view, _ *shape) *node {
		if s := v.text("Status"); s != "" && s != "NotStarted" {
			return said(map[string]string{"InProgress": "In Progress", "Completed": "Completed", "WaitingOnOthers": "Waiting on someone else",
				"Deferred": "Deferred"}[s])
		}
		return said("Not Started")
	}
	m["Task:Owner"] = func(_ *call, v view, _ *shape) *node {
		if n := v.extended(setTask + "#811f:String"); n != nil {
			return said(n.str("Value"))
		}
		return said(v.it.box.Name)
	}
	for _, name := range []string{"StartDate", "DueDate", "CompleteDate"} {
		m["Task:"+name] = func(_ *call, v view, _ *shape) *node {
			p := v.prop(name)
			if p == nil {
				return nil
			}
			day, _ := parseDate(p.text)
			return said(stamp(day))
		}
	}
}

func messageComputed(m computed) {
	for _, class := range []string{"Message", "MeetingRequest", "MeetingResponse", "MeetingCancellation", "MeetingMessage"} {
		m[class+":IsDraft"] = func(_ *call, v view, _ *shape) *node { return said(boolText(v.text("sent") == "")) }
		m[class+":IsSubmitted"] = func(*call, view, *shape) *node { return said("false") }
		m[class+":IsFromMe"] = func(_ *call, v view, _ *shape) *node {
			return said(boolText(strings.EqualFold(v.prop("From").str("Mailbox", "EmailAddress"), v.it.box.Address)))
		}
		m[class+":ConversationTopic"] = func(_ *call, v view, _ *shape) *node { return said(v.text("Subject")) }
		m[class+":IsRead"] = func(_ *call, v view, _ *shape) *node {
			if p := v.prop("IsRead"); p != nil {
				return p
			}
			return said("false")
		}
	}
}

// globalID is an appointment's global object id (MS-OXOCAL 2.2.1.27): the UID as it is, when it is one of ours, or packed
// as a foreign one.
func (c *call) globalID(v view, key string) []string {
	if !v.it.isCalendar() || (key != setMeeting+"#3:Binary" && key != setMeeting+"#23:Binary") {
		return nil
	}
	uid := v.text("UID")
	raw, err := hex.DecodeString(uid)
	if err != nil || !strings.HasPrefix(strings.ToLower(uid), uidHead) {
		data := append([]byte("vCal-Uid\x01\x00\x00\x00"), uid...)
		data = append(data, 0)
		raw, _ = hex.DecodeString(uidHead + strings.Repeat("00", 20) + fmt.Sprintf("%02x000000", len(data)&0xff))
		raw = append(raw, data...)
	}
	return []string{base64.StdEncoding.EncodeToString(raw)}
}

// uidHead begins the UIDs that the product makes.
const uidHead = "040000008200e00074c5b7101a82e008"
