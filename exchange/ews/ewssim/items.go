package ewssim

import (
	"slices"
	"strings"
)

func itemOperations() map[string]func(c *call) (*node, error) {
	return map[string]func(c *call) (*node, error){
		"CreateItem": (*call).createItems, "GetItem": (*call).getItems, "UpdateItem": (*call).updateItems,
		"DeleteItem": (*call).deleteItems, "MoveItem": (*call).moveItems, "CopyItem": (*call).copyItems,
		"FindItem": (*call).findItems, "SyncFolderItems": (*call).syncItems, "SendItem": (*call).sendItems,
		"CreateAttachment": (*call).createAttachments, "GetAttachment": (*call).getAttachments,
		"DeleteAttachment": (*call).deleteAttachments,
	}
}

// itemsNode is an m:Items around items.
func itemsNode(items ...*node) *node { return el("m:Items", items) }

func (c *call) getItems() (*node, error) {
	sh, err := c.readShape(c.req.kid("ItemShape"), false)
	if err != nil {
		return nil, asFault(err)
	}
	return c.each("GetItem", c.req.kid("ItemIds").kids, []*node{itemsNode()}, func(n *node) ([]*node, error) {
		v, _, err := c.find(n)
		if err != nil {
			return nil, err
		}
		return []*node{itemsNode(c.render(v, sh))}, nil
	})
}

// asFault makes a failure one of the whole request.
func asFault(err error) error {
	f := *asFailure(err)
	f.fault = true
	return &f
}

func (c *call) createItems() (*node, error) {
	return c.each("CreateItem", c.req.kid("Items").kids, []*node{itemsNode()}, func(n *node) ([]*node, error) {
		made, err := c.createItem(n)
		if err != nil {
			return nil, err
		}
		return []*node{itemsNode(made...)}, nil
	})
}

// createItem makes an item, or does what a response object asks for. It returns what an answer shows: ids only.
func (c *call) createItem(n *node) ([]*node, error) {
	if made, err, done := c.respondObject(n); done {
		return made, err
	}
	class := n.local()
	if c.typeOf(class) == nil || !slices.Contains([]string{"CalendarItem", "Task", "Contact", "Message", "Item"}, class) {
		return nil, fail("ErrorInvalidItemForOperationCreateItem", "Item type is invalid for CreateItem action.")
	}
	if class == "Item" {
		class = "Message"
	}
	if err := c.needed(class, "MessageDisposition", "SendMeetingInvitations", "ErrorSendMeetingInvitationsRequired"); err != nil {
		return nil, err
	}
	f, err := c.destination(class)
	if err != nil {
		return nil, err
	}
	d := newDraft(class, c.zone)
	if tz := n.kid("StartTimeZone"); tz != nil {
		if d.zone, _, err = readZone(tz); err != nil {
			return nil, err
		}
	}
	if err := c.create(d, n); err != nil {
		return nil, err
	}
	it, err := c.store(d, f)
	if err != nil {
		return nil, err
	}
	send := c.req.at("SendMeetingInvitations")
	if class == "CalendarItem" && send != "SendToNone" {
		c.invite(it, "invitation", nil, send)
	}
	if class == "Message" && strings.HasPrefix(c.req.at("MessageDisposition"), "Send") {
		return nil, c.send(it, c.req.at("MessageDisposition") == "SendAndSaveCopy", f)
	}
	return []*node{el("t:"+n.local(), c.itemID("t:ItemId", it))}, nil
}

// needed refuses requests without the attribute that says what becomes of mail.
func (c *call) needed(class, message, calendar, code string) error {
	switch {
	case class == "CalendarItem" && c.req.at(calendar) == "":
		return fail(code, "%s attribute is required for calendar items.", calendar)
	case (class == "Message" || strings.HasPrefix(class, "Meeting")) && message != "" && c.req.at(message) == "":
		return fail("ErrorMessageDispositionRequired", "Message disposition is required.")
	}
	return nil
}

// destination is the folder that a new item goes to.
func (c *call) destination(class string) (*folder, error) {
	if n := c.req.kid("SavedItemFolderId"); n != nil {
		f, err := c.target(n)
		if err != nil {
			if asFailure(err).code == "ErrorFolderNotFound" {
				return nil, fail("ErrorSavedItemFolderNotFound", "The specified folder could not be found in the store.")
			}
			return nil, err
		}
		return f, fitting(class, f)
	}
	b, err := c.mustBox()
	if err != nil {
		return nil, err
	}
	name := map[string]string{"CalendarItem": "calendar", "Task": "tasks", "Contact": "contacts"}[class]
	if name == "" {
		name = "drafts"
		if strings.HasPrefix(c.req.at("MessageDisposition"), "Send") {
			name = "sentitems"
		}
	}
	return b.named[name], nil
}

// fitting refuses items in folders of another kind.
func fitting(class string, f *folder) error {
	for _, r := range [][3]string{{"CalendarItem", "IPF.Appointment", "ErrorCannotCreateCalendarItemInNonCalendarFolder"},
		{"Contact", "IPF.Contact", "ErrorCannotCreateContactInNonContactFolder"}, {"Task", "IPF.Task", "ErrorCannotCreateTaskInNonTaskFolder"}} {
		if class == r[0] && !under(f.class, r[1]) && !f.within(f.box.named["deleteditems"]) {
			return fail(r[2], "Cannot create this kind of item in folder.")
		}
	}
	return nil
}

// store makes an item of a draft.
func (c *call) store(d *draft, f *folder) (*item, error) {
	if err := c.settle(d, view{}); err != nil {
		return nil, err
	}
	it := f.box.newItem(d.class, c.now)
	if err := c.settleSeries(it, d); err != nil {
		return nil, err
	}
	it.props, it.ext, it.mime = d.props, d.ext, d.mime
	for _, a := range d.files {
		c.attach(it, a)
	}
	f.box.put(it, f)
	return it, nil
}

func (c *call) deleteItems() (*node, error) {
	return c.each("DeleteItem", c.req.kid("ItemIds").kids, nil, func(n *node) ([]*node, error) {
		v, _, err := c.find(n)
		if err != nil {
			return nil, err
		}
		if err := c.needed(v.it.class, "", "SendMeetingCancellations", "ErrorSendMeetingCancellationsRequired"); err != nil {
			return nil, err
		}
		// "regardless of whether that task is recurring or not": the documentation of the code.
		if v.it.class == "Task" && c.req.at("AffectedTaskOccurrences") == "" {
			return nil, fail("ErrorAffectedTaskOccurrencesRequired", "AffectedTaskOccurrences attribute is required for Task items.")
		}
		if v.it.isCalendar() && v.it.text("organizer") == "" && c.req.at("SendMeetingCancellations") != "SendToNone" {
			c.invite(v.it, "cancellation", v.occ, c.req.at("SendMeetingCancellations"))
		}
		if v.occ != nil {
			return nil, c.deleteOccurrence(v)
		}
		c.discard(v.it, c.req.at("DeleteType"))
		return nil, nil
	})
}

func (c *call) deleteOccurrence(v view) error {
	key := v.occ.orig.Unix()
	delete(v.it.series.changed, key)
	v.it.series.deleted[key] = true
	if _, any := v.it.series.first(); !any { // the last one takes the master along
		c.discard(v.it, c.req.at("DeleteType"))
		return nil
	}
	v.it.box.touch(v.it, 'u', c.now)
	return nil
}

// discard removes an item the way a DisposalType says.
func (c *call) discard(it *item, how string) {
	b := it.box
	switch how {
	case "HardDelete":
		b.take(it)
	case "SoftDelete":
		b.move(it, b.named["recoverableitemsdeletions"])
	default:
		b.move(it, b.named["deleteditems"])
	}
}

func (c *call) moveItems() (*node, error) { return c.carry("MoveItem", true) }
func (c *call) copyItems() (*node, error) { return c.carry("CopyItem", false) }

// carry moves or copies items to a folder; either way the item there has an id of its own.
func (c *call) carry(op string, away bool) (*node, error) {
	to, toErr := c.target(c.req.kid("ToFolderId"))
	if toErr != nil && asFailure(toErr).code == "ErrorFolderNotFound" {
		toErr = fail("ErrorToFolderNotFound", "The destination folder could not be found.")
	}
	return c.each(op, c.req.kid("ItemIds").kids, []*node{itemsNode()}, func(n *node) ([]*node, error) {
		if toErr != nil {
			return nil, toErr
		}
		v, _, err := c.find(n)
		if err != nil {
			return nil, err
		}
		if v.occ != nil {
			return nil, fail("ErrorCalendarCannotMoveOrCopyOccurrence", "Move or copy of an occurrence of a recurring calendar item is not supported.")
		}
		var made *item
		if away {
			made = v.it.box.move(v.it, to)
		} else {
			made = v.it.clone(to.box)
			made.created, made.modified = c.now, c.now
			to.box.put(made, to)
		}
		if made.box != v.it.box || c.req.str("ReturnNewItemIds") == "false" {
			return []*node{itemsNode()}, nil // documented: no ids across mailboxes
		}
		return []*node{itemsNode(el("t:"+made.class, c.itemID("t:ItemId", made)))}, nil
	})
}
