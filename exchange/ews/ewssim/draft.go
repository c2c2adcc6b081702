package ewssim

import (
	"encoding/base64"
	"strings"
	"time"
)

// draft is an item being made or changed. Nothing of it is seen before it is committed.
type draft struct {
	class   string
	props   map[string]*node
	ext     map[string]*node
	touched map[string]bool
	zone    *time.Location // of wall clocks without offset
	files   []*attachment
	mime    []byte
}

func newDraft(class string, zone *time.Location) *draft {
	return &draft{class: class, props: map[string]*node{}, ext: map[string]*node{}, touched: map[string]bool{}, zone: zone}
}

// draftOf is a draft of what a view shows.
func draftOf(v view, zone *time.Location) *draft {
	d := newDraft(v.it.class, zone)
	d.props, d.ext, d.files = cloneMap(v.it.props), cloneMap(v.it.ext), v.files()
	if v.occ == nil {
		return d
	}
	delete(d.props, "Recurrence")
	if ex := v.occ.ex; ex != nil {
		for name, p := range ex.props {
			d.props[name] = p
		}
		for key, p := range ex.ext {
			d.ext[key] = p
		}
	}
	d.props["Start"], d.props["End"] = el("t:Start", stamp(v.occ.start)), el("t:End", stamp(v.occ.end))
	return d
}

func (d *draft) text(name string) string {
	if p := d.props[name]; p != nil {
		return p.text
	}
	return ""
}

func (d *draft) time(name string) time.Time {
	t, _ := parseTime(d.text(name), time.UTC)
	return t
}

func (d *draft) set(name, text string) { d.props[name] = el("t:"+name, text) }

func (d *draft) setDefault(name, text string) {
	if d.props[name] == nil {
		d.set(name, text)
	}
}

// touchedAny says whether one of some properties was set or deleted.
func (d *draft) touchedAny(names ...string) bool {
	for _, n := range names {
		if d.touched[n] {
			return true
		}
	}
	return false
}

// put sets one property from its element, in the form in which it is stored.
func (c *call) put(d *draft, p *node) error {
	name := p.local()
	d.touched[name] = true
	if name == "ExtendedProperty" {
		return c.putExtended(d, p)
	}
	n, err := c.normal(d, name, p)
	if err != nil {
		return err
	}
	if n == nil {
		delete(d.props, name)
		return nil
	}
	d.props[name] = n
	return nil
}

// normal is a property's element as it is stored; nil when it is empty and so is none.
func (c *call) normal(d *draft, name string, p *node) (*node, error) {
	typ := c.typeOf(d.class).kids["t:"+name]
	switch {
	case name == "Body":
		return el("t:Body", attr{"BodyType", p.at("BodyType")}, crlf(p.text)), nil
	case name == "Subject" && len([]rune(p.text)) > 255:
		return nil, fail("ErrorPropertyValidationFailure", "The subject is longer than 255 characters.")
	case d.class == "Task" && (name == "StartDate" || name == "DueDate" || name == "CompleteDate"):
		t, _ := parseTime(p.text, c.zone)
		return el(p.name, taskDay(t, c.zone).Format(time.DateOnly)), nil
	case typ == "xs:dateTime":
		t, _ := parseTime(p.text, d.zone)
		return el(p.name, stamp(t)), nil
	case typ == "xs:boolean":
		return el(p.name, boolText(isTrue(strings.TrimSpace(p.text)))), nil
	case typ == "xs:int" || typ == "xs:double":
		return el(p.name, strings.TrimSpace(p.text)), nil
	case name == "StartTimeZone" || name == "EndTimeZone":
		_, id, err := readZone(p)
		return el(p.name, attr{"Id", id}), err
	case name == "MeetingTimeZone":
		return nil, nil
	case name == "Recurrence":
		if _, err := readRule(p); err != nil {
			return nil, err
		}
		return bare(p), nil
	}
	switch typ {
	case "t:ArrayOfStringsType":
		return textList(p), nil
	case "t:NonEmptyArrayOfAttendeesType", "t:ArrayOfRecipientsType", "t:SingleRecipientType":
		return resolved(p)
	case "t:EmailAddressDictionaryType", "t:PhoneNumberDictionaryType", "t:ImAddressDictionaryType", "t:PhysicalAddressDictionaryType":
		return dictionary(p), nil
	}
	if len(p.kids) > 0 {
		return bare(p), nil
	}
	if c.grammar.simple[typ] != nil {
		return el(p.name, strings.TrimSpace(p.text)), nil
	}
	return el(p.name, p.text), nil
}

// taskDay is the day that a task's date means. The store keeps days as midnights in UTC (MS-OXOTASK 2.2.2.2.4); a client that
// sends such a one means its day, any other the day in its own zone.
func taskDay(t time.Time, loc *time.Location) time.Time {
	if t.Equal(t.UTC().Truncate(24 * time.Hour)) {
		return t.UTC()
	}
	return t.In(loc)
}

// crlf is how line ends are stored.
func crlf(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
}

// bare is an element without the white space between its children.
func bare(n *node) *node {
	out := &node{name: n.name, attr: n.attr, text: n.text}
	if len(n.kids) > 0 {
		out.text = ""
	}
	for _, k := range n.kids {
		out.kids = append(out.kids, bare(k))
	}
	return out
}

// textList is a list of texts, each once.
func textList(p *node) *node {
	out := el(p.name)
	seen := map[string]bool{}
	for _, k := range p.kids {
		if key := strings.ToLower(k.text); k.text != "" && !seen[key] {
			seen[key] = true
			out.kids = append(out.kids, el("t:String", k.text))
		}
	}
	if len(out.kids) == 0 {
		return nil
	}
	return out
}

// resolved completes recipients and attendees, as resolving them does.
func resolved(p *node) (*node, error) {
	out := el(p.name)
	for _, k := range p.kids {
		box, wrap := k, k.kid("Mailbox")
		if wrap != nil {
			box = wrap
		}
		address := strings.TrimSpace(box.str("EmailAddress"))
		if !strings.Contains(address, "@") {
			return nil, fail("ErrorInvalidRecipients", "At least one recipient is not valid.")
		}
		name := box.str("Name")
		if name == "" {
			name = address
		}
		made := mailboxNode(name, address)
		if wrap != nil {
			response := k.str("ResponseType")
			if response == "" {
				response = "Unknown"
			}
			made = el(k.name, made, el("t:ResponseType", response))
		}
		out.kids = append(out.kids, made)
	}
	if len(out.kids) == 0 {
		return nil, nil
	}
	return out, nil
}

// dictionary drops empty entries; of two with one key the last counts.
func dictionary(p *node) *node {
	out := el(p.name)
	for _, e := range p.kids {
		e = bare(e)
		if e.text == "" && len(e.kids) == 0 {
			continue
		}
		out.kids = append(withoutKey(out.kids, e.at("Key")), e)
	}
	if len(out.kids) == 0 {
		return nil
	}
	return out
}

func withoutKey(list []*node, key string) []*node {
	var out []*node
	for _, e := range list {
		if e.at("Key") != key {
			out = append(out, e)
		}
	}
	return out
}

// putEntry sets one entry of a dictionary, or with an empty one removes it.
func (c *call) putEntry(d *draft, name string, e *node) error {
	d.touched[name] = true
	old := d.props[name]
	kids := withoutKey(old.all(), e.at("Key"))
	if e.text != "" || len(e.kids) > 0 {
		kids = append(kids, bare(e))
	}
	if len(kids) == 0 {
		delete(d.props, name)
		return nil
	}
	d.props[name] = el("t:"+name, kids)
	return nil
}

// create fills a draft from an item element of a request.
func (c *call) create(d *draft, n *node) error {
	for _, p := range n.kids {
		name := p.local()
		if never, ro := c.fixed[name]; ro && never && !(name == "IsDraft") {
			return invalidSet(c.uriOf(d.class, name))
		}
		switch name {
		case "Attachments":
			for _, a := range p.kids {
				f, err := c.newAttachment(a)
				if err != nil {
					return err
				}
				d.files = append(d.files, f)
			}
		case "MimeContent":
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(p.text), ""))
			if err != nil {
				return fail("ErrorMimeContentInvalidBase64String", "The MIME content is not valid base64.")
			}
			d.mime = raw
		default:
			if err := c.put(d, p); err != nil {
				return err
			}
		}
	}
	if d.mime != nil {
		return c.fromMIME(d)
	}
	return nil
}

// uriOf is the field URI of a property of a class.
func (c *call) uriOf(class, name string) string {
	if _, ok := c.grammar.complex["t:ItemType"].kids["t:"+name]; ok {
		return "item:" + name
	}
	space := map[string]string{"CalendarItem": "calendar", "Contact": "contacts", "Task": "task"}[class]
	if space == "" {
		space = "message"
	}
	return space + ":" + name
}

func orText(text, def string) string {
	if text == "" {
		return def
	}
	return text
}
