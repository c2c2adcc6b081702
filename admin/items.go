package admin

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/review"
	"crmbridge/store"
)

// knownData is the items of a link.
type knownData struct {
	listing
	Rows   []review.Known
	Linked bool // a link is chosen
}

// knownList shows what a link knows; without one, it asks which.
func (c *call) knownList() (answer, error) {
	states := strings.Split(review.ItemStates(), ", ")
	s := c.search()
	d := knownData{Linked: s.Link != ""}
	var next int64
	if d.Linked {
		q, err := c.Office.Query(c.r.Context(), s)
		if err != nil {
			return nil, err
		}
		origin := c.r.URL.Query().Get("origin")
		if c.asFile() {
			return export(c, "items", manage.KnownTable(), func(after int64, limit int) (review.Page[review.Known], error) {
				q.After, q.Limit = after, limit
				return c.Office.Items(c.r.Context(), q, origin)
			})
		}
		rows, err := c.Office.Items(c.r.Context(), q, origin)
		if err != nil {
			return nil, err
		}
		d.Rows, next = rows.Rows, rows.Next
	}
	var err error
	d.listing, err = c.listing("items.states", states, next)
	return page{name: "known", data: d}, err
}

// itemData is one item: why it is where it is, and what became of it.
type itemData struct {
	UID       string
	Summary   string
	Explained []explained
	Histories []manage.History
	URL       string // its page in the CRM
}

// explained is why an item is where it is, for a link that can be named in a form.
type explained struct {
	manage.Explained
	LinkID store.LinkID
}

func itemPath(uid string) string { return Prefix + "items/one?uid=" + url.QueryEscape(uid) }

func (c *call) itemPage() (answer, error) {
	uid := c.r.URL.Query().Get("uid")
	if uid == "" {
		return to(Prefix + "items"), nil
	}
	d := itemData{UID: uid}
	var err error
	if d.Histories, err = c.Office.Histories(c.r.Context(), "", "", uid); err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
		return nil, err
	}
	xs, err := c.Office.Explain(c.r.Context(), "", "", uid)
	if err != nil && (pim.ReasonOf(err) != pim.ErrNotFound || len(d.Histories) == 0) {
		return nil, err
	}
	names := map[string]store.LinkID{}
	err = c.Office.EachLink(c.r.Context(), "", func(_ *store.Tx, _ store.User, l store.Link) error {
		names[l.Name] = l.ID
		return nil
	})
	for _, x := range xs {
		d.Explained, d.Summary = append(d.Explained, explained{x, names[x.Link]}), x.Summary
	}
	for _, h := range d.Histories {
		slices.Reverse(h.Events) // the newest first
		if d.Summary == "" {
			d.Summary = h.Summary
		}
	}
	return page{name: "item", data: d}, err
}

// restoreItem makes an earlier version the newest.
func (c *call) restoreItem() (answer, error) {
	uid := c.value("uid")
	version, err := strconv.ParseInt(c.value("version"), 10, 64)
	if err != nil {
		return nil, pim.Errorf("item", pim.ErrInvalid, "there is no such version")
	}
	_, err = c.Office.Restore(c.r.Context(), c.value("user"), "", uid, store.Seq(version), c.by())
	return c.after(itemPath(uid), c.Say("items.restored"), err)
}

// tieItem links an item, keeps it from being linked, or leaves it to the rules.
func (c *call) tieItem() (answer, error) {
	uid := c.value("uid")
	l, _, err := c.Office.FindLink(c.r.Context(), "", c.value("link"))
	if err != nil {
		return nil, err
	}
	tie, ok := map[string]rule.Tie{"link": rule.Linked, "unlink": rule.Apart, "relink": rule.TieNone}[c.value("do")]
	if !ok {
		return nil, pim.Errorf("item", pim.ErrInvalid, "there is no such action")
	}
	return c.after(itemPath(uid), c.Say("items.tied"), c.Office.Tie(c.r.Context(), l, uid, tie))
}
