package admin

import (
	"bytes"
	"net/http"
	"net/url"

	"crmbridge/pim"
)

// answer is what becomes of a request.
type answer interface{ write(c *call) error }

// page is a page made of a template.
type page struct {
	status int // 0 is 200
	name   string
	data   any
}

func (p page) write(c *call) error {
	v := view{call: c, Data: p.data, Notices: c.state.kept.Notices}
	if len(v.Notices) > 0 {
		c.state.kept.Notices = nil
		if err := c.keep(); err != nil {
			return err
		}
	}
	var out bytes.Buffer // so that a template that fails half-way answers nothing but the fault
	if err := c.views.render(&out, c.Code(), p.name, v); err != nil {
		c.Log.Error("page not made", "page", p.name, "err", err)
		http.Error(c.w, c.Say("fault.internal"), http.StatusInternalServerError)
		return err
	}
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.Header().Set("Content-Language", c.Code())
	if p.status != 0 {
		c.w.WriteHeader(p.status)
	}
	_, err := out.WriteTo(c.w)
	return err
}

// to sends the browser to another page of ours, after something was done.
type to string

func (t to) write(c *call) error {
	if len(c.state.kept.Notices) > 0 {
		if err := c.keep(); err != nil {
			return err
		}
	}
	if c.r.Header.Get("HX-Request") != "" { // htmx follows a redirect by itself, and would put the page into a part of this one
		c.w.Header().Set("HX-Redirect", string(t))
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(c.w, c.r, string(t), http.StatusSeeOther)
	return nil
}

// toSignIn asks who it is, and goes on from there.
func (c *call) toSignIn() answer { return c.asking("sign-in") }

// toConfirm asks anew who it is, and goes on from there.
func (c *call) toConfirm() answer { return c.asking("confirm") }

func (c *call) asking(page string) answer {
	next := c.r.URL.RequestURI()
	if c.r.Method != http.MethodGet { // what was put in is lost; the page it came from is where to go on
		next = Prefix
		if ref, err := url.Parse(c.r.Referer()); err == nil {
			next = back(ref.RequestURI())
		}
	}
	if back(next) == Prefix {
		return to(Prefix + page)
	}
	return to(Prefix + page + "?next=" + url.QueryEscape(next))
}

// fault is the page about an error.
func (c *call) fault(err error) answer {
	kind := pim.ReasonOf(err)
	if kind == pim.ErrInternal {
		c.Log.Error("page failed", "path", harmless(c.r.URL.Path), "err", err)
	}
	return page{status: kind.Status(), name: "fault", data: struct{ Kind, Text string }{string(kind), c.Reason(pim.PublicText(err))}}
}
