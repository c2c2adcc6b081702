package admin

import (
	"context"
	"strconv"
	"strings"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/review"
	"crmbridge/store"
)

// duplicatesData is a list of items that may be one.
type duplicatesData struct {
	listing
	Rows []manage.Duplicate
}

func (c *call) duplicateList() (answer, error) {
	s := c.search()
	if !c.r.URL.Query().Has("state") {
		s.State = string(store.DuplicateOpen)
	}
	q, err := c.Office.Query(c.r.Context(), s)
	if err != nil {
		return nil, err
	}
	if c.asFile() {
		return export(c, "duplicates", manage.DuplicateTable(), func(after int64, limit int) (review.Page[manage.Duplicate], error) {
			q.After, q.Limit = after, limit
			return c.Office.Duplicates(c.r.Context(), q)
		})
	}
	rows, err := c.Office.Duplicates(c.r.Context(), q)
	if err != nil {
		return nil, err
	}
	var states []string
	for _, state := range store.DuplicateStates() {
		states = append(states, string(state))
	}
	d := duplicatesData{Rows: rows.Rows}
	if d.listing, err = c.listing("duplicates.states", states, rows.Next); err != nil {
		return nil, err
	}
	d.choose("state", s.State)
	return page{name: "duplicates", data: d}, nil
}

// choose shows a value as chosen in the filter, where the address says nothing.
func (l *listing) choose(name, value string) {
	for i := range l.Filter.Fields {
		if l.Filter.Fields[i].Name == name {
			l.Filter.Fields[i].Value = value
		}
	}
}

// duplicateData is two items, side by side.
type duplicateData struct {
	manage.DuplicateDetail
	Open bool
}

func (c *call) duplicate() (answer, error) {
	id, err := pathNumber[store.DuplicateID](c, "id")
	if err != nil {
		return nil, err
	}
	d, err := c.Office.Duplicate(c.r.Context(), id)
	if err != nil {
		return nil, err
	}
	return page{name: "duplicate", data: duplicateData{d, d.State == store.DuplicateOpen}}, nil
}

// mergeDuplicate makes one item of two; the form may pick fields: "field-ID" is a or b.
func (c *call) mergeDuplicate() (answer, error) {
	var words []string
	for name := range c.r.PostForm {
		if field, ok := strings.CutPrefix(name, "field-"); ok && c.value(name) != "" {
			words = append(words, field+"="+c.value(name))
		}
	}
	picks, err := relay.ParsePicks(words)
	if err != nil {
		return nil, err
	}
	return c.onDuplicate(c.Say("duplicates.merged"), func(ctx context.Context, id store.DuplicateID) error {
		_, err := c.Office.MergeDuplicate(ctx, id, picks, c.by())
		return err
	})
}

func (c *call) ignoreDuplicate() (answer, error) {
	return c.onDuplicate(c.Say("duplicates.ignored"), func(ctx context.Context, id store.DuplicateID) error {
		return c.Office.IgnoreDuplicate(ctx, id, c.by())
	})
}

func (c *call) undoDuplicate() (answer, error) {
	return c.onDuplicate(c.Say("duplicates.undone"), func(ctx context.Context, id store.DuplicateID) error { return c.Office.UndoDuplicate(ctx, id, c.by()) })
}

// onDuplicate does something to a duplicate and tells what became of it on its page.
func (c *call) onDuplicate(said string, do func(context.Context, store.DuplicateID) error) (answer, error) {
	id, err := pathNumber[store.DuplicateID](c, "id")
	if err != nil {
		return nil, err
	}
	return c.after(Prefix+"duplicates/"+strconv.FormatInt(int64(id), 10), said, do(c.r.Context(), id))
}

// after goes on at a page where it says what became of something: done, or why not.
func (c *call) after(page, said string, err error) (answer, error) {
	switch kind := pim.ReasonOf(err); {
	case err == nil:
		c.tell(false, said)
	case kind == pim.ErrInternal, kind == pim.ErrNotFound:
		return nil, err
	default:
		c.tell(true, c.Reason(pim.PublicText(err)))
	}
	return to(page), nil
}
