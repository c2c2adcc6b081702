package relay

import (
	"context"

	"crmbridge/pim"
	"crmbridge/remote"
)

// listening is a remote that tells what it is given to write.
type listening struct {
	remote.Remote
	hear func(op string, e remote.Entry)
}

func (l listening) Create(ctx context.Context, c remote.CollectionID, e remote.Entry, key string) (remote.Record, error) {
	l.hear("create", e)
	return l.Remote.Create(ctx, c, e, key)
}

func (l listening) Update(ctx context.Context, c remote.CollectionID, old remote.Ref, e remote.Entry, changed pim.FieldSet) (remote.Record, error) {
	l.hear("update", e)
	return l.Remote.Update(ctx, c, old, e, changed)
}
