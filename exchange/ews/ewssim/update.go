package ewssim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

func (c *call) updateItems() (*node, error) {
	return c.each("UpdateItem", c.req.kid("ItemChanges").kids, []*node{itemsNode()}, func(n *node) ([]*node, error) {
		v, conflicts, err := c.updateItem(n)
		if err != nil {
			return nil, err
		}
		return []*node{itemsNode(el("t:"+v.it.class, c.viewID(v))), el("m:ConflictResults", el("t:Count", itoa(conflicts)))}, nil
	})
}

func (c *call) updateItem(n *node) (view, int, error) {
	v, key, err := c.find(n.first())
	if err != nil {
		return v, 0, err
	}
	if err := c.needed(v.it.class, "MessageDisposition", "SendMeetingInvitationsOrCancellations", "ErrorSendMeetingInvitationsOrCancellationsRequired"); err != nil {
		return v, 0, err
	}
	if key == 0 && n.first().local() == "ItemId" && !c.opt.LooseChangeKeys {
		return v, 0, fail("ErrorChangeKeyRequiredForWriteOperations", "Change key is required for this operation.")
	}
	how := c.req.at("ConflictResolution")
	stale := key != 0 && key != v.it.key
	if stale && how == "NeverOverwrite" {
		return v, 0, fail("ErrorIrresolvableConflict", "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.")
	}
	d := draftOf(v, c.zoneOfUpdate(n, v))
	for _, u := range n.kid("Updates").kids {
		if err := c.change(d, u); err != nil {
			return v, 0, err
		}
	}
	conflicts := 0
	if stale && how == "AutoResolve" {
		conflicts = resolve(d, v, key)
	}
	if err := c.settle(d, v); err != nil {
		return v, 0, err
	}
	before := listedAttendees(v)
	if v.occ != nil {
		v, err = c.commitOccurrence(v, d)
	} else {
		err = c.commit(v.it, d)
	}
	if err == nil && v.it.isCalendar() && c.req.at("SendMeetingInvitationsOrCancellations") != "SendToNone" && v.it.text("organizer") == "" {
		c.inviteChanged(v, before, c.req.at("SendMeetingInvitationsOrCancellations"))
	}
	return v, conflicts, err
}

// zoneOfUpdate is the zone of wall clocks: the one set in the same request, the request's, the item's.
func (c *call) zoneOfUpdate(n *node, v view) *time.Location {
	for _, u := range n.kid("Updates").kids {
		if len(u.kids) == 2 && u.first().at("FieldURI") == "calendar:StartTimeZone" {
			if loc, _, err := readZone(u.kids[1].kid("StartTimeZone")); err == nil {
				return loc
			}
		}
	}
	if c.zoneID != "" || !v.it.isCalendar() {
		return c.zone
	}
	loc, _ := v.zone()
	return loc
}

// change applies one SetItemField, AppendToItemField or DeleteItemField.
func (c *call) change(d *draft, u *node) error {
	p, err := parsePath(u.first())
	if err != nil {
		return err
	}
	if p.kind != 'x' && !belongs(p.space, d.class) {
		return fail("ErrorInvalidPropertyRequest", "The property can not be used with this type of item.")
	}
	if u.local() == "DeleteItemField" {
		return c.erase(d, p)
	}
	holder := u.kids[1]
	if len(holder.kids) != 1 {
		return fail("ErrorIncorrectUpdatePropertyCount", "An object within a change description must contain one and only one property to modify.")
	}
	value := holder.first()
	if _, ro := c.fixed[value.local()]; ro && p.name == value.local() && !(p.name == "MimeContent" && d.class == "Message") {
		return invalidSet(p.uri())
	}
	mismatch := fail("ErrorUpdatePropertyMismatch", "The property to change and the value that is given do not fit.")
	if value.local() != p.name || (holder.local() != d.class && holder.local() != "Item") {
		return mismatch
	}
	if u.local() == "AppendToItemField" {
		return c.appendTo(d, p, value)
	}
	switch p.kind {
	case 'x':
		key, _, err := readExtended(value)
		if err != nil {
			return err
		}
		if key != p.ext {
			return mismatch
		}
	case 'i':
		return c.changeEntry(d, p, value)
	}
	return c.put(d, value)
}

// changeEntry sets an entry of a dictionary, or a part of an address.
func (c *call) changeEntry(d *draft, p path, value *node) error {
	if len(value.kids) != 1 || value.first().at("Key") != p.index {
		return fail("ErrorUpdatePropertyMismatch", "The property to change and the value that is given do not fit.")
	}
	e := value.first()
	if p.part == "" {
		return c.putEntry(d, p.name, e)
	}
	if len(e.kids) != 1 || e.first().local() != p.part {
		return fail("ErrorUpdatePropertyMismatch", "The property to change and the value that is given do not fit.")
	}
	return c.putPart(d, p, e.first())
}

// putPart sets or, with nil, removes one part of a physical address.
func (c *call) putPart(d *draft, p path, part *node) error {
	merged := el("t:Entry", attr{"Key", p.index})
	for _, old := range d.props[p.name].all() {
		if old.at("Key") == p.index {
			for _, k := range old.kids {
				if k.local() != p.part {
					merged.kids = append(merged.kids, k)
				}
			}
		}
	}
	if part != nil && part.text != "" {
		merged = addEntry([]*node{merged}, el("t:Entry", attr{"Key", p.index}, bare(part)))[0]
		if len(merged.kids) == 0 {
			merged.kids = []*node{bare(part)}
		}
	}
	return c.putEntry(d, p.name, merged)
}

func (c *call) erase(d *draft, p path) error {
	bad := fail("ErrorInvalidPropertyDelete", "Delete action is not supported for this property.")
	bad.values = []attr{{"FieldURI", p.uri()}}
	_, ro := c.fixed[p.name]
	switch {
	case p.kind == 'x':
		delete(d.ext, p.ext)
		d.touched[p.ext] = true
		if f := strings.TrimPrefix(c.mirrored[p.ext], "task:"); f != "" && !strings.Contains(f, "/") && !strings.Contains(kept(), " "+f+" ") {
			delete(d.props, f)
			d.touched[f] = true
		}
		return nil
	case p.kind == 'i' && p.part != "":
		return c.putPart(d, p, nil)
	case p.kind == 'i':
		return c.putEntry(d, p.name, el("t:Entry", attr{"Key", p.index}))
	case ro, strings.Contains(kept(), " "+p.name+" "):
		return bad
	}
	delete(d.props, p.name)
	d.touched[p.name] = true
	return nil
}

// appendTo adds to a body or a list.
func (c *call) appendTo(d *draft, p path, value *node) error {
	old := d.props[p.name]
	switch {
	case p.kind == 'u' && p.name == "Body" && old != nil && old.at("BodyType") == value.at("BodyType"):
		value = el("t:Body", attr{"BodyType", value.at("BodyType")}, old.text+value.text)
	case p.kind == 'u' && (slices.Contains(attendeeProps(), p.name) || strings.HasSuffix(p.name, "Recipients") || p.name == "ReplyTo"):
		value = value.with(append(slices.Clone(old.all()), value.kids...))
	case old == nil && p.kind == 'u' && p.name == "Body":
	default:
		return fail("ErrorInvalidPropertyAppend", "Append action is not supported for this property.")
	}
	return c.put(d, value)
}

// resolve counts the properties that both sides changed. The later writer wins, save that a sensitivity only rises
// (MS-OXWSCORE, AutoResolve).
func resolve(d *draft, v view, key uint64) int {
	n := 0
	for name := range d.touched {
		if v.it.history[name] <= key {
			continue
		}
		n++
		if name == "Sensitivity" {
			order := []string{"Normal", "Personal", "Private", "Confidential"}
			if slices.Index(order, v.text(name)) > slices.Index(order, d.text(name)) {
				d.props[name] = v.prop(name)
			}
		}
	}
	return n
}

// commit makes a draft the item's new version.
func (c *call) commit(it *item, d *draft) error {
	series := it.series
	if series != nil {
		it.series = series.clone()
	}
	if err := c.settleSeries(it, d); err != nil {
		it.series = series
		return err
	}
	what := byte('u')
	if len(d.touched) == 1 && d.touched["IsRead"] {
		what = 'r'
	}
	it.props, it.ext = d.props, d.ext
	if it.isCalendar() && d.touchedAny("Start", "End", "Recurrence", "StartTimeZone") {
		it.set("AppointmentSequenceNumber", itoa(atoi(it.text("AppointmentSequenceNumber"))+1))
	}
	it.box.touch(it, what, c.now)
	for name := range d.touched {
		it.history[name] = it.key
	}
	return nil
}

// commitOccurrence makes an exception of an occurrence, or changes one. The master changes with it.
func (c *call) commitOccurrence(v view, d *draft) (view, error) {
	if d.touched["Recurrence"] || d.touched["StartTimeZone"] && d.props["StartTimeZone"].at("Id") == "" {
		return v, fail("ErrorCalendarInvalidPropertyState", "An occurrence has no recurrence of its own.")
	}
	s, key := v.it.series, v.occ.orig.Unix()
	start, end := d.time("Start"), d.time("End")
	if d.touchedAny("Start", "End", "IsAllDayEvent", "StartTimeZone") {
		if err := s.checkMove(key, start, end); err != nil {
			return v, err
		}
	}
	ex := &exception{props: map[string]*node{}, ext: map[string]*node{}}
	if old := v.occ.ex; old != nil {
		ex.props, ex.ext = maps.Clone(old.props), maps.Clone(old.ext)
		ex.files, ex.hasFiles = old.files, old.hasFiles
	}
	for name := range d.touched {
		if name == "Start" || name == "End" {
			continue
		}
		if strings.Contains(name, ":") {
			ex.ext[name] = d.ext[name]
			continue
		}
		ex.props[name] = d.props[name]
	}
	ex.start, ex.end, ex.modified = start, end, c.now
	s.changed[key] = ex
	v.it.box.touch(v.it, 'u', c.now)
	occ := *v.occ
	occ.ex, occ.start, occ.end = ex, start, end
	return view{v.it, &occ}, nil
}
