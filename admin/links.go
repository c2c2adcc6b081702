package admin

import (
	"strconv"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/store"
)

// linksData is the list of links.
type linksData struct{ Rows []manage.Link }

func (c *call) linkList() (answer, error) {
	rows, err := c.Office.Links(c.r.Context(), "")
	if err != nil {
		return nil, err
	}
	return page{name: "links", data: linksData{rows}}, nil
}

// linkData is a link and its last runs.
type linkData struct {
	manage.Status
	Words    []string
	Settings []setting
	Watch    *watched // nil: nothing is under way
}

// setting is an option of the driver with what was given for it.
type setting struct{ Title, Value string }

func (c *call) linkOf() (store.Link, error) {
	id, err := pathNumber[store.LinkID](c, "id")
	if err != nil {
		return store.Link{}, err
	}
	l, _, err := c.Office.FindLink(c.r.Context(), "", strconv.FormatInt(int64(id), 10))
	return l, err
}

func linkPath(l store.Link) string { return Prefix + "links/" + strconv.FormatInt(int64(l.ID), 10) }

func (c *call) linkPage() (answer, error) {
	l, err := c.linkOf()
	if err != nil {
		return nil, err
	}
	number := strconv.FormatInt(int64(l.ID), 10)
	rows, err := c.Office.Statuses(c.r.Context(), "", []string{number})
	if err != nil {
		return nil, err
	}
	detail, err := c.Office.LinkDetail(c.r.Context(), "", number)
	if err != nil {
		return nil, err
	}
	d := linkData{Status: rows[0], Words: detail.Words}
	for _, o := range c.Office.Drivers.Map()[l.Driver].Options {
		if v := detail.Settings[o.Name]; v != "" {
			d.Settings = append(d.Settings, setting{o.Name, v})
		}
	}
	p, err := c.Office.Progress(c.r.Context(), l, manage.Progress{})
	if p.State != "" {
		d.Watch = &watched{l.ID, linkPath(l)}
	}
	return page{name: "link", data: d}, err
}

// runLink queues a run: the page is there again at once, and shows it.
func (c *call) runLink() (answer, error) {
	l, err := c.linkOf()
	if err == nil {
		err = c.Office.QueueRun(c.r.Context(), l)
	}
	if err != nil {
		return nil, err
	}
	c.tell(false, c.Say("links.queued"))
	return to(linkPath(l)), nil
}

// allowMany lets what waits because of its number go.
func (c *call) allowMany() (answer, error) {
	l, err := c.linkOf()
	if err != nil {
		return nil, err
	}
	until, err := c.Office.AllowMany(c.r.Context(), l)
	if err != nil {
		return nil, err
	}
	c.tell(false, c.Say("links.allowed", "Until", c.Printer.Time(until.In(c.zone))))
	return to(linkPath(l)), nil
}

func (c *call) stopLink() (answer, error) {
	l, err := c.linkOf()
	if err != nil {
		return nil, err
	}
	s, err := c.Office.StopRun(c.r.Context(), l)
	if err != nil {
		return nil, err
	}
	switch {
	case !s.Running:
		c.tell(false, c.Say("links.notRunning"))
	case s.Stopped:
		c.tell(false, c.Say("links.stopped"))
	default:
		c.tell(false, c.Say("links.stopping"))
	}
	return to(linkPath(l)), nil
}

func (c *call) pauseLink() (answer, error)  { return c.setPaused(true) }
func (c *call) resumeLink() (answer, error) { return c.setPaused(false) }

func (c *call) setPaused(paused bool) (answer, error) {
	l, err := c.linkOf()
	if err != nil {
		return nil, err
	}
	if _, err := c.Office.SetPaused(c.r.Context(), l, paused); err != nil {
		return nil, err
	}
	if paused {
		c.tell(false, c.Say("links.paused"))
	} else {
		c.tell(false, c.Say("links.resumed"))
	}
	return to(linkPath(l)), nil
}

// linkCheckData is what a test of a connection found.
type linkCheckData struct {
	Link   manage.Link
	Checks []manage.Check
	Fault  string
}

// testLink logs in as the link does, and looks at what it needs, step by step.
func (c *call) testLink() (answer, error) {
	l, err := c.linkOf()
	if err != nil {
		return nil, err
	}
	var u store.User
	d := linkCheckData{}
	err = c.Store.View(c.r.Context(), func(tx *store.Tx) (err error) {
		if u, err = tx.User(l.UserID); err != nil {
			return err
		}
		d.Link, err = c.Office.LinkRow(tx, u, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	checks, err := c.Office.ProbeLink(c.r.Context(), l, u)
	d.Checks = checks
	if err != nil {
		d.Fault = pim.PublicText(err)
	}
	return page{name: "linkcheck", data: d}, nil
}

// undoRun takes back what a run wrote.
func (c *call) undoRun() (answer, error) {
	id, err := pathNumber[store.RunID](c, "id")
	if err != nil {
		return nil, err
	}
	done, err := c.Office.UndoRun(c.r.Context(), id)
	if err != nil {
		if kind := pim.ReasonOf(err); kind == pim.ErrInternal || kind == pim.ErrNotFound {
			return nil, err
		}
		c.tell(true, c.Reason(pim.PublicText(err)))
		return to(Prefix + "runs/" + strconv.FormatInt(int64(id), 10)), nil
	}
	c.tell(false, c.Count("runs.undone", done.Items))
	for _, l := range done.Left {
		c.tell(true, l.Title+": "+l.Reason)
	}
	return to(Prefix + "runs/" + strconv.FormatInt(int64(done.Run), 10)), nil
}
