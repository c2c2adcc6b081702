package ews

import (
	"context"
	"encoding/base64"

	"crmbridge/pim"
	"crmbridge/remote"
)

// writePhoto makes a contact's picture this one; none takes it away. The picture is an attachment (MS-OXOCNTC 2.2.1.8.3), which
// cannot be changed: the new one is added before the old one goes.
func (m *mail) writePhoto(ctx context.Context, op string, ref remote.Ref, photo []byte, now *item) (remote.Ref, error) {
	var old attachment
	if now != nil {
		old, _ = photoOf(now)
	}
	var err error
	if len(photo) > 0 {
		if ref, err = m.attach(ctx, op, ref, photo); err != nil {
			return ref, err
		}
	}
	if old.ID.ID == "" {
		return ref, nil
	}
	a, err := m.account.call(ctx, request{op: op, write: true, body: node("m:DeleteAttachment", node("m:AttachmentIds", leaf("t:AttachmentId", "", "Id", old.ID.ID)))})
	if err != nil {
		return ref, err
	}
	msg, err := a.only(op)
	if err != nil && !missing(err) {
		return ref, err
	}
	if key := msg.RootItem.Key; key != "" {
		ref.Version = key
		return ref, nil
	}
	ref.Version, err = m.version(ctx, op, string(ref.ID))
	return ref, err
}

// picture is the attachment that is a contact's picture.
func picture(photo []byte) el {
	return node("t:FileAttachment", leaf("t:Name", "ContactPicture.jpg"), leaf("t:IsContactPhoto", "true"), leaf("t:Content", base64.StdEncoding.EncodeToString(photo)))
}

func (m *mail) attach(ctx context.Context, op string, ref remote.Ref, photo []byte) (remote.Ref, error) {
	parent := itemID(string(ref.ID), ref.Version)
	parent.name = "m:ParentItemId"
	a, err := m.account.call(ctx, request{op: op, write: true, body: node("m:CreateAttachment", parent, node("m:Attachments", picture(photo)))})
	if err != nil {
		return ref, err
	}
	msg, err := a.only(op)
	if err != nil {
		return ref, err
	}
	if len(msg.Attachments.Files) == 0 {
		return ref, pim.Errorf(op, pim.ErrProtocol, "Exchange's answer is incomplete")
	}
	if key := msg.Attachments.Files[0].ID.RootKey; key != "" {
		ref.Version = key
		return ref, nil
	}
	ref.Version, err = m.version(ctx, op, string(ref.ID))
	return ref, err
}
