package ewssim

import (
	"slices"
	"sort"
	"strings"
)

// shape is what an answer is to show of each item.
type shape struct {
	base    string
	body    string // Best, HTML or Text
	mime    bool
	maxBody int
	paths   []path
	list    bool // FindItem and SyncFolderItems, which show nothing that is streamed
}

// streamed are properties that lists do not show. FindItem refuses those marked with *.
const streamed = ` *Body *MimeContent *Attachments *UniqueBody *NormalizedBody *TextBody ToRecipients CcRecipients BccRecipients
	ReplyTo RequiredAttendees OptionalAttendees Resources Recurrence FirstOccurrence LastOccurrence ModifiedOccurrences
	DeletedOccurrences ConflictingMeetings AdjacentMeetings ResponseObjects InternetMessageHeaders `

func (c *call) readShape(n *node, list bool) (*shape, error) {
	sh := &shape{base: n.str("BaseShape"), body: n.str("BodyType"), mime: isTrue(n.str("IncludeMimeContent")), list: list}
	if v := n.str("MaximumBodySize"); v != "" {
		sh.maxBody = atoi(v)
	}
	for _, k := range n.kid("AdditionalProperties").all() {
		p, err := parsePath(k)
		if err != nil {
			return nil, err
		}
		if p.space == "folder" {
			return nil, fail("ErrorInvalidPropertyRequest", "The property can not be used with this type of request.")
		}
		if list && p.kind == 'u' && strings.Contains(streamed, " *"+p.name+" ") {
			if c.in.op == "SyncFolderItems" {
				continue // left out in silence
			}
			return nil, fail("ErrorInvalidPropertyRequest", "The property can not be used with this type of request.")
		}
		sh.paths = append(sh.paths, p)
	}
	if list && sh.mime {
		return nil, fail("ErrorInvalidPropertyRequest", "The property can not be used with this type of request.")
	}
	return sh, nil
}

// defaults are the properties of the Default shape, of all items and by class.
func defaults(class string) []string {
	names := "ItemId Subject Sensitivity HasAttachments ResponseObjects Size IsAssociated "
	switch class {
	case "CalendarItem":
		names += "Body Attachments ReminderDueBy ReminderIsSet ReminderMinutesBeforeStart DisplayTo DisplayCc Start End IsAllDayEvent " +
			"LegacyFreeBusyStatus Location IsMeeting IsCancelled IsRecurring CalendarItemType MyResponseType Organizer RequiredAttendees " +
			"OptionalAttendees Resources Duration TimeZone Recurrence FirstOccurrence LastOccurrence ModifiedOccurrences DeletedOccurrences"
	case "Task":
		names += "Body Attachments DueDate PercentComplete StartDate Status IsComplete"
	case "Contact":
		names += "FileAs DisplayName CompleteName CompanyName EmailAddresses PhysicalAddresses PhoneNumbers ImAddresses JobTitle Birthday"
	default:
		names += "Body Attachments DateTimeSent DateTimeCreated IsDraft IsRead Sender From ToRecipients CcRecipients BccRecipients " +
			"Importance IsReadReceiptRequested IsDeliveryReceiptRequested InternetMessageId"
	}
	return strings.Fields(names)
}

// notAll are properties that even AllProperties leaves out.
const notAll = " MimeContent UniqueBody NormalizedBody TextBody EntityExtractionResult ExtendedProperty StoreEntryId InstanceKey Preview Photo " +
	"StartWallClock EndWallClock StartTimeZoneId EndTimeZoneId "

// typeOf is the type of items of a class.
func (s *Sim) typeOf(class string) *complexType {
	list := s.grammar.complex["t:NonEmptyArrayOfAllItemsType"]
	return s.grammar.complex[list.kids["t:"+class]]
}

// names are the properties that a shape asks for, as element names.
func (c *call) names(sh *shape, class string) map[string]bool {
	want := map[string]bool{"ItemId": true}
	typ := c.typeOf(class)
	add := func(name string) {
		if !sh.list || !(strings.Contains(streamed, " "+name+" ") || strings.Contains(streamed, " *"+name+" ")) {
			want[name] = true
		}
	}
	switch sh.base {
	case "Default":
		for _, name := range defaults(class) {
			add(name)
		}
	case "AllProperties":
		for _, name := range typ.order {
			if name = name[2:]; !strings.Contains(notAll, " "+name+" ") {
				add(name)
			}
		}
	}
	for _, p := range sh.paths {
		if p.kind == 'u' && belongs(p.space, class) {
			add(p.name)
		}
	}
	if sh.mime {
		want["MimeContent"] = true
	}
	return want
}

// render is an item as a shape wants it, its properties in the order of the schema.
func (c *call) render(v view, sh *shape) *node {
	class := v.it.class
	typ := c.typeOf(class)
	out := el("t:" + class)
	want := c.names(sh, class)
	hidden := c.hides(v)
	for name := range want {
		if hidden && !strings.Contains(shownOfPrivate, " "+name+" ") {
			continue
		}
		if n := c.value(v, name, sh); n != nil {
			out.kids = append(out.kids, n)
		}
	}
	if !hidden {
		out.kids = append(out.kids, c.partial(v, sh, want)...)
	}
	seen := map[string]bool{}
	for _, p := range sh.paths {
		if p.kind == 'x' && !seen[p.ext] && !hidden {
			seen[p.ext] = true
			if n := c.extended(v, p); n != nil {
				out.kids = append(out.kids, n)
			}
		}
	}
	sort.SliceStable(out.kids, func(i, j int) bool {
		return typ.rank[out.kids[i].name] < typ.rank[out.kids[j].name]
	})
	if c.opt.Later {
		slices.Reverse(out.kids)
		out.kids = append([]*node{el("t:PropertyOfTomorrow", el("t:Id", "x"), el("t:Subject", "no subject"))}, out.kids...)
	}
	return out
}

// shownOfPrivate is what a delegate sees of a private item.
const shownOfPrivate = " ItemId ParentFolderId ItemClass Sensitivity EffectiveRights Start End IsAllDayEvent LegacyFreeBusyStatus CalendarItemType " +
	"Duration DateTimeCreated LastModifiedTime Size "

// hides says whether the caller may not look into an item: private ones are for their owner, whom impersonation becomes.
func (c *call) hides(v view) bool {
	s := v.text("Sensitivity")
	return v.it.box != c.box && (s == "Private" || s == "Confidential")
}

// partial are dictionaries of which only some entries are asked for.
func (c *call) partial(v view, sh *shape, want map[string]bool) []*node {
	entries := map[string][]*node{}
	for _, p := range sh.paths {
		if p.kind != 'i' || want[p.name] || !belongs(p.space, v.it.class) {
			continue
		}
		for _, e := range c.value(v, p.name, sh).all() {
			if e.at("Key") != p.index && e.at("HeaderName") != p.index {
				continue
			}
			if p.part != "" {
				part := e.kid(p.part)
				if part == nil {
					continue
				}
				e = e.with([]*node{part})
			}
			entries[p.name] = addEntry(entries[p.name], e)
		}
	}
	var out []*node
	for name, list := range entries {
		out = append(out, el("t:"+name, list))
	}
	return out
}

// addEntry adds a dictionary's entry, or to one of the same key what that has not.
func addEntry(list []*node, e *node) []*node {
	for i, old := range list {
		if old.at("Key") == e.at("Key") && len(old.kids) > 0 {
			merged := append(slices.Clone(old.kids), e.kids...)
			order := "Street City State CountryOrRegion PostalCode"
			sort.SliceStable(merged, func(i, j int) bool {
				return strings.Index(order, merged[i].local()) < strings.Index(order, merged[j].local())
			})
			list[i] = old.with(merged)
			return list
		}
	}
	return append(list, e)
}

// extended is an extended property as it is shown, nil without a value.
func (c *call) extended(v view, p path) *node {
	if n := v.extended(p.ext); n != nil {
		kids := []*node{p.node.renamed("t:ExtendedFieldURI")}
		for _, k := range n.kids {
			if k.local() != "ExtendedFieldURI" {
				kids = append(kids, k)
			}
		}
		return el("t:ExtendedProperty", kids)
	}
	texts := c.mirror(v, p.ext)
	if len(texts) == 0 {
		return nil
	}
	value := el("t:Value", texts[0])
	if strings.HasSuffix(p.node.at("PropertyType"), "Array") {
		value = el("t:Values")
		for _, t := range texts {
			value.kids = append(value.kids, el("t:Value", t))
		}
	}
	return el("t:ExtendedProperty", p.node.renamed("t:ExtendedFieldURI"), value)
}

// mirror is the value of an extended property that shows what a field does.
func (c *call) mirror(v view, key string) []string {
	switch key {
	case "tag:e23:Integer": // PidTagInternetArticleNumber: numbers that only grow
		return []string{itoa(int(v.it.num))}
	case "tag:e08:Integer":
		return []string{itoa(v.size())}
	case setCommon + "#8506:Boolean": // PidLidPrivate
		return []string{boolText(v.text("Sensitivity") != "Normal")}
	case setAppointment + "#8223:Boolean": // PidLidRecurring
		if v.it.isCalendar() {
			return []string{boolText(v.it.series != nil)}
		}
	case setAppointment + "#8205:Integer": // PidLidBusyStatus
		if v.it.isCalendar() {
			return []string{itoa(slices.Index([]string{"Free", "Tentative", "Busy", "OOF", "WorkingElsewhere"}, c.value(v, "LegacyFreeBusyStatus", &shape{}).text))}
		}
	}
	field := c.mirrored[key]
	if field == "" {
		return c.globalID(v, key)
	}
	field = strings.TrimPrefix(field, "task:")
	name, entry, _ := strings.Cut(field, "/")
	if _, ok := c.typeOf(v.it.class).kids["t:"+name]; !ok {
		return nil
	}
	n := c.value(v, name, &shape{body: "Text"})
	if n == nil {
		return nil
	}
	if key, part, ok := strings.Cut(entry, "/"); ok {
		for _, e := range n.kids {
			if text := e.str(part); e.at("Key") == key && text != "" {
				return []string{text}
			}
		}
		return nil
	}
	if entry != "" {
		for _, e := range n.kids {
			if e.at("Key") == entry || e.local() == entry {
				return []string{e.text}
			}
		}
		return nil
	}
	if len(n.kids) == 0 {
		return []string{n.text}
	}
	var texts []string
	for _, k := range n.kids {
		texts = append(texts, k.text)
	}
	return texts
}
