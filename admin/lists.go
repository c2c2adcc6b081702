package admin

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/review"
	"crmbridge/store"
)

// listing is what every list that people look through has beside its rows.
type listing struct {
	Filter form
	Next   string // address of the next page; "" on the last
	Chosen bool   // the filter chooses something
	Files  files
}

// search is what the address of a list asks for.
func (c *call) search() manage.Search {
	q := c.r.URL.Query()
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64)
	return manage.Search{Link: q.Get("link"), Kind: q.Get("kind"), State: q.Get("state"), Text: q.Get("text"), Since: q.Get("since"), After: after, Limit: pageRows, Place: c.zone}
}

// pageRows is how many rows a page has.
const pageRows = 50

// listing makes the filter of a list, whose states are those of family.
func (c *call) listing(family string, states []string, next int64) (listing, error) {
	s := c.search()
	f := form{Action: c.r.URL.Path, Submit: c.Say("list.filter"), Fields: []field{{Name: "text", Label: c.Say("list.text"), Kind: "search", Value: s.Text}}}
	links, err := c.linkOptions()
	if err != nil {
		return listing{}, err
	}
	f.Fields = append(f.Fields, field{Name: "link", Label: c.Say("list.link"), Kind: "select", Value: s.Link, Options: append([]option{{"", c.Say("list.all")}}, links...)})
	if len(states) > 0 {
		x := field{Name: "state", Label: c.Say("list.state"), Kind: "select", Value: s.State, Options: []option{{"", c.Say("list.all")}}}
		for _, state := range states {
			x.Options = append(x.Options, option{state, c.Printer.Word(family, state)})
		}
		f.Fields = append(f.Fields, x)
	}
	l := listing{Files: c.files(), Filter: f, Chosen: s.Text != "" || s.Link != "" || s.State != ""}
	if next != 0 {
		q := c.r.URL.Query()
		q.Set("after", strconv.FormatInt(next, 10))
		l.Next = c.r.URL.Path + "?" + q.Encode()
	}
	return l, nil
}

// linkOptions are all links, for people to choose from.
func (c *call) linkOptions() (out []option, err error) {
	err = c.Office.EachLink(c.r.Context(), "", func(_ *store.Tx, u store.User, l store.Link) error {
		out = append(out, option{strconv.FormatInt(int64(l.ID), 10), l.Name + " (" + u.Name + ")"})
		return nil
	})
	return out, err
}

// itemsData is a list of items that wait for somebody.
type itemsData struct {
	listing
	List string // errors or holds
	Rows []review.Item
}

func (c *call) errorList() (answer, error) {
	return c.itemList("errors", "errors.states", []string{string(store.PairsFailing), string(store.PairsIgnored)}, (*manage.Office).Errors)
}

func (c *call) holdList() (answer, error) {
	return c.itemList("holds", "holds.states", strings.Split(review.HoldStates(), ", "), (*manage.Office).Holds)
}

func (c *call) itemList(list, family string, states []string, read func(*manage.Office, context.Context, review.Query) (review.Page[review.Item], error)) (answer, error) {
	q, err := c.Office.Query(c.r.Context(), c.search())
	if err != nil {
		return nil, err
	}
	if c.asFile() {
		return export(c, list, manage.ItemTable(), func(after int64, limit int) (review.Page[review.Item], error) {
			q.After, q.Limit = after, limit
			return read(c.Office, c.r.Context(), q)
		})
	}
	rows, err := read(c.Office, c.r.Context(), q)
	if err != nil {
		return nil, err
	}
	d := itemsData{List: list, Rows: rows.Rows}
	if d.listing, err = c.listing(family, states, rows.Next); err != nil {
		return nil, err
	}
	return page{name: "items", data: d}, nil
}

// itemActions are what can be done to an item of a list, by the name of the button.
var itemActions = map[string]func(*manage.Office, context.Context, store.Link, string) error{
	"retry":  (*manage.Office).Retry,
	"ignore": (*manage.Office).Ignore,
	"approve": func(o *manage.Office, ctx context.Context, l store.Link, uid string) error {
		_, err := o.Approve(ctx, l, uid)
		return err
	},
	"reject": func(o *manage.Office, ctx context.Context, l store.Link, uid string) error {
		_, err := o.Reject(ctx, l, uid)
		return err
	},
}

// actOnItems does the same to all items that are ticked, each named "LINK UID". What cannot be done is told, and does not keep the rest from being done.
func (c *call) actOnItems() (answer, error) {
	do, ok := itemActions[c.value("do")]
	if !ok {
		return nil, pim.Errorf("items", pim.ErrInvalid, "there is no such action")
	}
	done := 0
	for _, name := range c.r.PostForm["item"] {
		link, uid, _ := strings.Cut(name, " ")
		l, _, err := c.Office.FindLink(c.r.Context(), "", link)
		if err == nil && uid == "" { // "" would be all
			err = pim.Errorf("items", pim.ErrInvalid, "an item without a UID cannot be named")
		}
		if err == nil {
			err = do(c.Office, c.r.Context(), l, uid)
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
		c.tell(false, c.Count("list.done", done))
	} else if len(c.r.PostForm["item"]) == 0 {
		c.tell(true, c.Say("list.none"))
	}
	return c.toList(), nil
}

// toList is the list that somebody came from, with its filter.
func (c *call) toList() answer {
	if ref, err := url.Parse(c.r.Referer()); err == nil {
		return to(back(ref.RequestURI()))
	}
	return to(Prefix)
}

// runsData is a list of runs.
type runsData struct {
	listing
	Rows []review.Run
}

// outcomes are those of runs, for the filter.
func outcomes() []string { return []string{"ok", "partial", "failed", "held", "cancelled"} }

func (c *call) runList() (answer, error) {
	q, err := c.Office.Query(c.r.Context(), c.search())
	if err != nil {
		return nil, err
	}
	if q.State != "" && !slices.Contains(outcomes(), q.State) {
		q.State = ""
	}
	if c.asFile() {
		return export(c, "runs", manage.RunTable(), func(after int64, limit int) (review.Page[review.Run], error) {
			q.After, q.Limit = after, limit
			return c.Office.Runs(c.r.Context(), q)
		})
	}
	rows, err := c.Office.Runs(c.r.Context(), q)
	if err != nil {
		return nil, err
	}
	d := runsData{Rows: rows.Rows}
	if d.listing, err = c.listing("runs.outcomes", outcomes(), rows.Next); err != nil {
		return nil, err
	}
	return page{name: "runs", data: d}, nil
}

// runData is a run with its steps.
type runData struct {
	manage.RunDetail
	More  string // address of the next steps
	Files files
	Text  string // the steps of this page to copy
	Watch *watched
}

func (c *call) run() (answer, error) {
	id, err := pathNumber[store.RunID](c, "id")
	if err != nil {
		return nil, err
	}
	s := c.search()
	if c.asFile() {
		return export(c, "run-"+strconv.FormatInt(int64(id), 10), manage.StepTable(), func(after int64, limit int) (review.Page[review.Step], error) {
			d, err := c.Office.RunDetail(c.r.Context(), id, review.Query{State: s.State, Text: s.Text, After: after, Limit: limit})
			return review.Page[review.Step]{Rows: d.Steps, Next: d.Next}, err
		})
	}
	d, err := c.Office.RunDetail(c.r.Context(), id, review.Query{State: s.State, Text: s.Text, After: s.After, Limit: 200})
	if err != nil {
		return nil, err
	}
	out := runData{RunDetail: d, Files: c.files(), Text: asText(c, d.Steps, manage.StepTable())}
	if d.Next != 0 {
		out.More = c.r.URL.Path + "?after=" + strconv.FormatInt(d.Next, 10)
	}
	if d.Outcome == "" {
		p, err := c.Office.Progress(c.r.Context(), store.Link{ID: d.LinkID}, manage.Progress{})
		if err != nil && !errors.Is(err, pim.ErrNotFound) {
			return nil, err
		}
		if p.Run == id { // one that was killed has no end either
			out.Watch = &watched{d.LinkID, c.r.URL.Path}
		}
	}
	return page{name: "run", data: out}, nil
}

// pathNumber is a number in the path of a page. Errors: pim.ErrNotFound.
func pathNumber[T ~int64](c *call, name string) (T, error) {
	n, err := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	if err != nil || n < 1 {
		return 0, pim.Errorf("page", pim.ErrNotFound, "there is nothing with that number")
	}
	return T(n), nil
}
