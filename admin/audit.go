package admin

import (
	"strconv"
	"strings"

	"crmbridge/manage"
	"crmbridge/review"
)

// auditData is the audit log.
type auditData struct {
	Filter form
	Next   string
	Chosen bool
	Files  files
	Rows   []manage.Deed
}

func (c *call) auditSearch() manage.DeedSearch {
	q := c.r.URL.Query()
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64)
	return manage.DeedSearch{Account: strings.TrimSpace(q.Get("account")), Act: q.Get("act"), Text: q.Get("text"), Since: q.Get("since"), Until: q.Get("until"),
		After: after, Limit: pageRows, Place: c.zone}
}

func (c *call) audit() (answer, error) {
	s := c.auditSearch()
	if c.asFile() {
		return export(c, "audit", manage.DeedTable(), func(after int64, limit int) (review.Page[manage.Deed], error) {
			s.After, s.Limit = after, limit
			return c.Office.Deeds(c.r.Context(), s)
		})
	}
	acts := []option{{"", c.Say("list.all")}}
	for _, act := range manage.Acts() {
		acts = append(acts, option{act, c.Word("audit.acts", act)})
	}
	d := auditData{Files: c.files(), Chosen: s.Account != "" || s.Act != "" || s.Text != "" || s.Since != "" || s.Until != "", Filter: form{
		Action: c.r.URL.Path, Submit: c.Say("list.filter"), Fields: []field{
			{Name: "text", Label: c.Say("list.text"), Kind: "search", Value: s.Text},
			{Name: "account", Label: c.Say("audit.account"), Kind: "text", Value: s.Account},
			{Name: "act", Label: c.Say("audit.act"), Kind: "select", Value: s.Act, Options: acts},
			{Name: "since", Label: c.Say("audit.since"), Kind: "date", Value: s.Since},
			{Name: "until", Label: c.Say("audit.until"), Kind: "date", Value: s.Until},
		}}}
	found, err := c.Office.Deeds(c.r.Context(), s)
	if err != nil && !d.Filter.blame(err) {
		return nil, err
	}
	d.Rows, d.Next = found.Rows, c.next(found)
	return page{name: "audit", data: d}, nil
}

// next is the address of the next page of a list; "" on the last.
func (c *call) next(p review.Page[manage.Deed]) string {
	if p.Next == 0 {
		return ""
	}
	q := c.r.URL.Query()
	q.Set("after", strconv.FormatInt(p.Next, 10))
	return c.r.URL.Path + "?" + q.Encode()
}
