package ews

import (
	"context"
	"encoding/base64"

	"crmbridge/remote"
)

// writePhoto makes a contact's picture this one; none takes it away. The picture is an attachment (MS-OXOCNTC 2.2.1.8.3), which
// cannot be changed: the new one is added before the old one goes.
func (m *mail) writePhoto(ctx context.Context, op string, ref remote.Ref, photo []byte, now *item) (remote.Ref, error) {
	var old []*attachment
	if now != nil {
		if p := photoOf(now); p != nil {
			old = append(old, p)
		}
	}
	if len(photo) > 0 {
		var err error
		if ref, err = m.attach(ctx, op, ref, picture(photo)); err != nil {
			return ref, err
		}
	}
	return m.removeFiles(ctx, op, ref, old)
}

// picture is the attachment that is a contact's picture.
func picture(photo []byte) el {
	return node("t:FileAttachment", leaf("t:Name", "ContactPicture.jpg"), leaf("t:IsContactPhoto", "true"), leaf("t:Content", base64.StdEncoding.EncodeToString(photo)))
}
