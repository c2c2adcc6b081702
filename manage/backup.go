package manage

import (
	"context"
	"io"

	"crmbridge/store"
)

// Backup writes all there is, as it is at one moment; what links log in with stays sealed. program is the version that makes it, for people.
func (o *Office) Backup(ctx context.Context, w io.Writer, program string) (store.BackupSummary, error) {
	return recorded(ctx, o, "backup.make", "", func() (store.BackupSummary, error) { return o.Store.Backup(ctx, w, program) })
}
