package ews

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"crmbridge/exchange"
	"crmbridge/pim"
	"crmbridge/remote"
)

// Messages, which are read and never written.

// messageFields are what is told of a message.
var messageFields = pim.Set(pim.FieldTitle, pim.FieldNotes, pim.FieldHTML, pim.FieldCategories, pim.FieldClass, pim.FieldFrom, pim.FieldTo, pim.FieldCc, pim.FieldBcc,
	pim.FieldWay, pim.FieldSent, pim.FieldReceived, pim.FieldFiles)

// allMail is the collection of all mail folders.
var allMail = shelf{kind: pim.KindMessage, Collection: remote.Collection{ID: exchange.AllMail, Name: "All mail", Kinds: pim.Kinds(pim.KindMessage), ReadOnly: true}}

// messageBatch is how many messages are got at once: bodies may be large.
const messageBatch = 5

// listedPaths are what tells of a message whether it is told, and when it was.
var listedPaths = []path{uri("item:ItemClass"), uri("item:IsDraft"), uri("item:DateTimeSent"), uri("item:DateTimeReceived")}

var messagePaths = slices.Concat(listedPaths, []path{
	uri("item:EffectiveRights"), uri("item:ParentFolderId"), uri("item:Sensitivity"), uri("item:Subject"), uri("item:Body"), uri("item:Categories"), uri("item:Attachments"), uri("item:LastModifiedTime"),
	uri("message:InternetMessageId"), uri("message:From"), uri("message:Sender"), uri("message:ToRecipients"), uri("message:CcRecipients"), uri("message:BccRecipients"),
})

func mailStays(op string) error {
	return pim.Errorf(op, pim.ErrUnsupported, "nothing is written to mail")
}

// told reports a message of a person that came or went: no draft, no invitation or answer to one, no receipt, no report.
func (x *item) told() bool {
	class := strings.ToUpper(strings.TrimSpace(x.Class))
	return x.kind() == pim.KindMessage && !x.Draft.bool() && (class == "" || class == "IPM.NOTE" || strings.HasPrefix(class, "IPM.NOTE.")) && !x.hidden()
}

// messages gets messages whole.
func (m *mail) messages(ctx context.Context, op string, ids []string) ([]remote.Record, error) {
	sent, err := m.sentFolder(ctx, op)
	if err != nil {
		return nil, err
	}
	whole := shape("m:ItemShape", false, messagePaths)
	whole.kids = slices.Insert(whole.kids, 1, leaf("t:BodyType", "Best")) // as it was written
	var out []remote.Record
	for some := range slices.Chunk(ids, messageBatch) {
		items, err := m.readable(ctx, op, whole, some)
		if err != nil {
			return nil, err
		}
		for i := range items {
			if x := &items[i]; x.told() {
				out = append(out, remote.Record{
					Ref: remote.Ref{ID: remote.ItemID(x.ID.ID), Version: x.ID.ChangeKey}, Item: m.zones.message(x, sent), Modified: x.Modified.time(),
				})
			}
		}
	}
	return out, nil
}

// readable are the items of a batch without those that Exchange itself cannot read: a message that is damaged must not keep the others from
// being told.
func (m *mail) readable(ctx context.Context, op string, shape el, ids []string) ([]item, error) {
	items, err := m.itemBatch(ctx, op, shape, ids)
	if !errors.Is(err, pim.ErrRefused) {
		return items, err
	}
	if len(ids) == 1 {
		if m.env.Log != nil {
			m.env.Log.WarnContext(ctx, "ews: a message cannot be read and is left out", slog.String("item", ids[0]), slog.String("code", plainCode(codeOf(err))))
		}
		return nil, nil
	}
	var out []item
	for _, id := range ids {
		one, err := m.readable(ctx, op, shape, []string{id})
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

// sentFolder is the id of the folder of what was sent, asked for once; "none" for a mailbox that shows none.
func (m *mail) sentFolder(ctx context.Context, op string) (string, error) {
	m.mu.Lock()
	id := m.sent
	m.mu.Unlock()
	if id != "" {
		return id, nil
	}
	got, err := m.wellKnown(ctx, op, []string{sentItems})
	if err != nil && (m.account.opened == "" || pim.ReasonOf(err) != pim.ErrForbidden) {
		return "", err
	}
	if id = got[sentItems].ID.ID; id == "" {
		id = "none"
	}
	m.mu.Lock()
	m.sent = id
	m.mu.Unlock()
	return id, nil
}

func (z *zones) message(x *item, sent string) *pim.Message {
	at := func(v val) pim.When {
		if t := v.time(); !t.IsZero() {
			return pim.At(t, "")
		}
		return pim.When{}
	}
	msg := &pim.Message{
		MessageID: strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(x.MessageID), "<"), ">"),
		Subject:   x.Subject, From: personOf(x.From), To: people(x.To), Cc: people(x.Cc), Bcc: people(x.Bcc),
		Way: pim.Received, Sent: at(x.Sent), Received: at(x.Received), Class: classes[x.Sensitivity.text()], Categories: x.Categories,
	}
	if (msg.From == pim.Person{}) {
		msg.From = personOf(x.Sender)
	}
	if x.Parent.ID == sent || z.self != "" && strings.EqualFold(msg.From.Email, z.self) {
		msg.Way, msg.Received = pim.Sent, pim.When{}
	}
	if strings.EqualFold(x.Body.Type, "HTML") {
		msg.HTML = x.Body.Text
	} else {
		msg.Text = noteText(x.Body.Text)
	}
	msg.Files = x.messageFiles(msg.HTML)
	msg.Bounded()
	return msg
}

func people(all []mailbox) []pim.Person {
	var out []pim.Person
	for _, m := range all {
		out = append(out, personOf(m))
	}
	return out
}

// The first letter of a file's id says what it is.
const (
	isFile   = "f"
	isItem   = "i"
	isLinked = "l"
)

// messageFiles are the attachments but for pictures that the body shows inside itself.
func (x *item) messageFiles(html string) []pim.File {
	var out []pim.File
	shown := exchange.PicturesOf(html)
	for _, a := range x.Files {
		if a.Inline.bool() && shown.Has(a.CID) {
			continue
		}
		out = append(out, pim.File{ID: isFile + a.ID.ID, Name: a.Name, Type: a.Type, Size: int64(a.Size.int())})
	}
	for _, a := range x.Attached {
		name := a.Name
		if name == "" {
			name = "message"
		}
		out = append(out, pim.File{ID: isItem + a.ID.ID, Name: name + ".eml", Type: "message/rfc822", Size: int64(a.Size.int())})
	}
	for _, a := range x.Linked {
		out = append(out, pim.File{ID: isLinked + a.ID.ID, Name: a.Name, Type: a.Type})
	}
	return out
}

// shows reports of a collection which folders' events are its own: of all mail those of any folder that is not known to be another.
func (m *mail) shows(c remote.CollectionID) func(folder string) bool {
	if c != allMail.ID {
		return func(folder string) bool { return folder == string(c) }
	}
	return func(folder string) bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		s, known := m.known[remote.CollectionID(folder)]
		return folder != "" && (!known || s.kind == pim.KindMessage)
	}
}
