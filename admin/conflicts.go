package admin

import (
	"strconv"
	"strings"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/review"
	"crmbridge/store"
)

// conflictsData is a list of conflicts.
type conflictsData struct {
	listing
	Rows []manage.Conflict
}

func (c *call) conflictList() (answer, error) {
	s := c.search()
	if !c.r.URL.Query().Has("state") {
		s.State = "open"
	}
	q, err := c.Office.Query(c.r.Context(), s)
	if err != nil {
		return nil, err
	}
	if c.asFile() {
		return export(c, "conflicts", manage.ConflictTable(), func(after int64, limit int) (review.Page[manage.Conflict], error) {
			q.After, q.Limit = after, limit
			return c.Office.Conflicts(c.r.Context(), q)
		})
	}
	rows, err := c.Office.Conflicts(c.r.Context(), q)
	if err != nil {
		return nil, err
	}
	d := conflictsData{Rows: rows.Rows}
	if d.listing, err = c.listing("conflicts.states", []string{"open", "settled"}, rows.Next); err != nil {
		return nil, err
	}
	d.choose("state", s.State)
	return page{name: "conflicts", data: d}, nil
}

// conflictData is a conflict, side by side.
type conflictData struct {
	manage.ConflictDetail
	Open bool
	// Undo: a person settled it, which can be taken back.
	Undo bool
}

// Mine and Theirs are what the two sides are called.
func (d conflictData) Mine() string   { return string(d.Cause) + ".mine" }
func (d conflictData) Theirs() string { return string(d.Cause) + ".theirs" }

func (c *call) conflict() (answer, error) {
	id, err := pathNumber[store.ConflictID](c, "id")
	if err != nil {
		return nil, err
	}
	d, err := c.Office.Conflict(c.r.Context(), id)
	if err != nil {
		return nil, err
	}
	return page{name: "conflict", data: conflictData{d, d.State == "open", d.Resolved != nil && d.ResolvedBy != ""}}, nil
}

// settle settles a conflict as a form says: all of one side, both kept, or field by field.
func (c *call) settle() (answer, error) {
	id, err := pathNumber[store.ConflictID](c, "id")
	if err != nil {
		return nil, err
	}
	at := Prefix + "conflicts/" + strconv.FormatInt(int64(id), 10)
	choice, err := c.choice()
	if err == nil {
		err = c.Office.Settle(c.r.Context(), id, choice, c.by())
	}
	return c.after(at, c.Say("conflicts.settled"), err)
}

// choice is what the form chooses: "all" is mine, theirs or both, "field-ID" a side for one field.
func (c *call) choice() (relay.Choice, error) {
	if all := c.value("all"); all != "" {
		return relay.ParseChoice(all)
	}
	var parts []string
	for name := range c.r.PostForm {
		if field, ok := strings.CutPrefix(name, "field-"); ok {
			parts = append(parts, field+"="+c.value(name))
		}
	}
	if len(parts) == 0 {
		return relay.Choice{}, pim.Errorf("conflict", pim.ErrInvalid, "%s", c.Say("conflicts.chooseFirst"))
	}
	return relay.ParseChoice(strings.Join(parts, ","))
}

// by is who decides, as histories tell it.
func (c *call) by() string { return "page:" + c.user.Name }

func (c *call) unsettle() (answer, error) {
	id, err := pathNumber[store.ConflictID](c, "id")
	if err != nil {
		return nil, err
	}
	return c.after(Prefix+"conflicts/"+strconv.FormatInt(int64(id), 10), c.Say("conflicts.undone"), c.Office.Unsettle(c.r.Context(), id, c.by()))
}

// settleMany takes one side of all conflicts that are ticked.
func (c *call) settleMany() (answer, error) {
	choice, err := c.choice()
	if err != nil {
		return nil, err
	}
	done := 0
	for _, word := range c.r.PostForm["conflict"] {
		var id int64
		if id, err = strconv.ParseInt(word, 10, 64); err == nil {
			err = c.Office.Settle(c.r.Context(), store.ConflictID(id), choice, c.by())
		} else {
			err = pim.Errorf("conflict", pim.ErrInvalid, "there is no conflict %q", word)
		}
		switch {
		case err == nil:
			done++
		case pim.ReasonOf(err) == pim.ErrInternal:
			return nil, err
		default:
			c.tell(true, c.Reason(pim.PublicText(err)))
		}
	}
	if done > 0 {
		c.tell(false, c.Count("conflicts.settledMany", done))
	} else if len(c.r.PostForm["conflict"]) == 0 {
		c.tell(true, c.Say("list.none"))
	}
	return c.toList(), nil
}
