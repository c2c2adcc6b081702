package relay

import (
	"context"
	"io"
	"testing"
	"time"

	crmmem "crmbridge/crm/mem"
	"crmbridge/exchange/mem"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// folderless is a mailbox whose folder was deleted.
type folderless struct{ remote.Remote }

func (folderless) Fetch(context.Context, remote.CollectionID, []remote.ItemID) ([]remote.Record, error) {
	return nil, pim.Errorf("mailbox", pim.ErrNotFound, "there is no such folder")
}

func (folderless) OpenFile(context.Context, remote.CollectionID, remote.ItemID, pim.File) (io.ReadCloser, int64, error) {
	return nil, 0, pim.Errorf("mailbox", pim.ErrNotFound, "there is no such folder")
}

// The files of a message whose folder was deleted are left out, and not tried for ever.
func TestFilesOfAFolderThatWent(t *testing.T) {
	t.Parallel()
	o := newPost(t, storetest.Open(t), crmmem.Options{}).person("ann", mem.Options{}, mem.Inbox, "{}", "{}")
	m, files := with(letter(1), 10)
	o.deliver(mem.Inbox, m, files...)
	o.run(o.in)
	o.links[o.in.ID] = folderless{o.box.Remote()}
	if rep := o.run(o.out); rep.Run.Outcome != OutcomeOK || rep.Counts.Files != 0 {
		t.Errorf("the run ended %s: %+v", rep.Run.Outcome, rep.Steps)
	}
	o.mail()
	err := o.store.View(t.Context(), func(tx *store.Tx) error {
		due, err := tx.PairsWithFiles(o.out.ID, o.clock.Now().Add(1000*time.Hour), 10)
		if len(due) != 0 {
			t.Errorf("%d messages still wait for their files", len(due))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
