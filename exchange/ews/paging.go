package ews

import (
	"context"
	"slices"
	"strconv"
	"time"

	"crmbridge/pim"
)

// Pages of FindItem. Its offsets count items: whatever is deleted or moved between two pages shifts the rest, and an item is passed over.
// So what is found comes in the order of a time, and a page begins at the time at which the one before ended. Times do not shift. Only where
// more items than a page have one and the same second an offset goes on inside of it, and begins at the item that was the last.

// findPage is the most that FindItem gives at once by Exchange's usual policy (EWSFindCountLimit).
const findPage = 1000

// mostAgain is how often what was shifted is begun anew in one place.
const mostAgain = 10

// order is the time by which what is found is sorted, the oldest first.
type order string

const (
	byCreation order = "item:DateTimeCreated"  // never changes
	byChange   order = "item:LastModifiedTime" // what changes goes to the end
)

// of is an item's time in whole seconds, as Exchange tells times.
func (o order) of(x *item) time.Time {
	if o == byChange {
		return x.Modified.time().Truncate(time.Second)
	}
	return x.Created.time().Truncate(time.Second)
}

// search is a FindItem.
type search struct {
	folders     []string
	paths       []path
	restriction *el
	order       order
	from        time.Time // of the order; zero: from the beginning
	page        int       // most items of one folder at once; 0 is findPage
}

// body asks for items of the folders from a time on, but for the first ones.
func (s search) body(folders []string, from time.Time, offset int) el {
	in := node("m:ParentFolderIds")
	for _, f := range folders {
		in.kids = append(in.kids, folderID(f))
	}
	by, most, paths := uri(string(s.order)), s.page, s.paths
	if most == 0 {
		most = findPage
	}
	if !slices.Contains(paths, by) {
		paths = append(slices.Clone(paths), by)
	}
	e := node("m:FindItem", shape("m:ItemShape", false, paths),
		leaf("m:IndexedPageItemView", "", "MaxEntriesReturned", strconv.Itoa(most), "Offset", strconv.Itoa(offset), "BasePoint", "Beginning")).with("Traversal", "Shallow")
	var all []el
	if !from.IsZero() {
		all = append(all, notBefore(by, from))
	}
	if s.restriction != nil {
		all = append(all, *s.restriction)
	}
	if len(all) > 0 {
		e.kids = append(e.kids, node("m:Restriction", allOf(all)))
	}
	e.kids = append(e.kids, node("m:SortOrder", node("t:FieldOrder", by.el()).with("Order", "Ascending")), in)
	return e
}

// notBefore is the condition that a time is this or later.
func notBefore(p path, t time.Time) el {
	return node("t:IsGreaterThanOrEqualTo", p.el(), node("t:FieldURIOrConstant", leaf("t:Constant", "", "Value", stamp(t))))
}

// allOf is the condition that all of some hold, of which there are any.
func allOf(conditions []el) el {
	if len(conditions) == 1 {
		return conditions[0]
	}
	return node("t:And", conditions...)
}

// reading is how far one folder of a search was read.
type reading struct {
	search
	folder string
	from   time.Time       // where the next page begins
	offset int             // of the next page, from there on
	last   string          // the item that was at the offset, told already; "": there is none
	told   map[string]bool // what was told of the second in which the next page begins
	again  int             // how often that second was begun anew
	done   bool
}

// begin reads the first page of each folder. A folder that is gone has none, unless it is the only one asked about.
func (m *mail) begin(ctx context.Context, op string, s search) (of []*reading, pages [][]item, err error) {
	if s.order == "" {
		s.order = byCreation
	}
	a, err := m.account.call(ctx, request{op: op, body: s.body(s.folders, s.from, 0)})
	if err != nil {
		return nil, nil, err
	}
	msgs := a.Body.Response.Messages.List
	if len(msgs) != len(s.folders) {
		return nil, nil, &pim.Error{Op: op, Kind: pim.ErrProtocol, Public: "Exchange's answer is incomplete", Err: errUnread}
	}
	for i := range msgs {
		r, page := &reading{search: s, folder: s.folders[i], from: s.from}, []item(nil)
		if err = msgs[i].err(op); err == nil {
			page, err = r.take(op, &msgs[i])
		} else if len(msgs) > 1 && missing(err) {
			r.done, err = true, nil
		}
		if err != nil {
			return nil, nil, err
		}
		of, pages = append(of, r), append(pages, page)
	}
	return of, pages, nil
}

// next reads one more page of a folder that is not done. It may have nothing, and the folder not be done all the same.
func (m *mail) next(ctx context.Context, op string, r *reading) ([]item, error) {
	a, err := m.account.call(ctx, request{op: op, body: r.body([]string{r.folder}, r.from, r.offset)})
	if err != nil {
		return nil, err
	}
	msg, err := a.only(op)
	if err != nil && len(r.folders) > 1 && missing(err) {
		r.done = true
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.take(op, msg)
}

// take is what a page has that was not told, and moves behind it.
func (r *reading) take(op string, p *message) ([]item, error) {
	found := p.Root.Items.List
	if r.last != "" && (len(found) == 0 || found[0].ID.ID != r.last) {
		// Something that stood before is gone, or has another time by now.
		r.offset, r.last = 0, ""
		if r.again++; r.again > mostAgain {
			return nil, pim.Errorf(op, pim.ErrUnavailable, "the folder changes faster than it can be read")
		}
		return nil, nil
	}
	fresh := slices.DeleteFunc(slices.Clone(found), func(x item) bool { return r.told[x.ID.ID] })
	if p.Root.Last.bool() {
		r.done = true
		return fresh, nil
	}
	if len(found) == 0 { // nothing, and not the end: no list, or all would be taken for deleted
		return nil, pim.Errorf(op, pim.ErrProtocol, "Exchange's answer is incomplete")
	}
	end := r.order.of(&found[len(found)-1])
	if end.After(r.from) {
		r.from, r.offset, r.last, r.told, r.again = end, 0, "", nil, 0
	} else if len(found) == 1 {
		return nil, pim.Errorf(op, pim.ErrProtocol, "Exchange's list of items does not go on")
	} else {
		r.offset, r.last = r.offset+len(found)-1, found[len(found)-1].ID.ID
	}
	if r.told == nil {
		r.told = map[string]bool{}
	}
	for i := range found {
		if !r.order.of(&found[i]).Before(r.from) {
			r.told[found[i].ID.ID] = true
		}
	}
	return fresh, nil
}

// each calls found for every item of a search, with the number of its folder. An item that changes its place in the order while this goes
// on is told again.
func (m *mail) each(ctx context.Context, op string, s search, found func(folder int, x *item)) error {
	of, pages, err := m.begin(ctx, op, s)
	if err != nil {
		return err
	}
	for i, r := range of {
		for page := pages[i]; ; {
			for j := range page {
				found(i, &page[j])
			}
			if r.done {
				break
			}
			if page, err = m.next(ctx, op, r); err != nil {
				return err
			}
		}
	}
	return nil
}
