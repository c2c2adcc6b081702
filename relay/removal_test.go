package relay

import (
	"testing"

	"crmbridge/crm/mem"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// addressBook turns the world's collection into one of contacts.
func (w *world) addressBook() {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		var err error
		if w.coll, err = tx.CreateCollection(store.Collection{UserID: w.user.ID, Home: store.AddressBooks, Slug: "contacts"}); err != nil {
			return err
		}
		l := w.link
		l.ID, l.CollectionID, l.Name, l.Remote = 0, w.coll.ID, "contacts", string(mem.Contacts)
		w.link, err = tx.CreateLink(l)
		return err
	})
}

func TestRowX8AContactDeletedHereIsOnlyUnassigned(t *testing.T) {
	t.Parallel()
	onBoth(t, mem.Options{NoDeletionReport: true}, open(rule.Ask), func(w *world) {
		w.addressBook()
		id := w.crm.Add(&pim.Contact{FullName: "Ida Invented", Family: "Invented", Given: "Ida"}, "")
		w.clean()
		w.delete(w.only().Name)
		w.clean()
		if rs := w.crm.Items(mem.Contacts); len(rs) != 1 {
			w.t.Fatalf("%d contacts in the CRM: the record itself was deleted", len(rs))
		}
		w.quiet()
		if len(w.objects()) != 0 {
			w.t.Error("it came back")
		}
		w.crm.Give(mem.Contacts, id, "me") // assigned again: it is wanted again
		w.clean()
		if len(w.objects()) != 1 {
			w.t.Error("assigned again, it does not come back")
		}
		w.quiet()
	})
}

func TestRemoveKeepLeavesTheRecordAlone(t *testing.T) {
	t.Parallel()
	rules := open(rule.Ask)
	rules.Remove = map[pim.Kind]rule.Removal{pim.KindEvent: rule.RemoveKeep}
	w := newWorld(t, storetest.Open(t), "ann", mem.Options{}, rules)
	id := w.crm.Add(event("", "kept there"), "")
	w.clean()
	w.delete(w.only().Name)
	w.clean()
	w.change(id, func(e *pim.Event) { e.Title = "changed there" })
	w.clean()
	if len(w.records()) != 1 || len(w.objects()) != 0 {
		t.Errorf("%d records, %d objects", len(w.records()), len(w.objects()))
	}
	w.quiet()
}
