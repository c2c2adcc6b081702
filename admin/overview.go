package admin

import (
	"crmbridge/manage"
)

// home is where people begin.
func (c *call) home() (answer, error) {
	if c.user.Admin {
		return to(Prefix + "overview"), nil
	}
	return to(Prefix + "me"), nil
}

// overviewData is what the first page shows.
type overviewData struct {
	manage.Overview
	Chart chart
}

// Nothing reports whether nothing waits for a person.
func (d overviewData) Nothing() bool { return d.Waiting == manage.Waiting{} }

func (c *call) overview() (answer, error) {
	v, err := c.Office.Overview(c.r.Context())
	if err != nil {
		return nil, err
	}
	return page{name: "overview", data: overviewData{v, c.chart(v.Hours)}}, nil
}

// chart is columns of numbers, as a picture of lines in SVG. Lengths are in its own units.
type chart struct {
	Width, Height int
	Columns       []column
	Most          int
	Any           bool
}

// column is an hour: what was done from the bottom up, what failed above it.
type column struct {
	X, Width          int
	Y, Height         int
	FailedY, FailedHt int
	Label             string // for who cannot see it, and for the pointer
}

const (
	columnWidth = 10
	columnGap   = 2
	chartHeight = 60
)

func (c *call) chart(hours []manage.Hour) chart {
	out := chart{Width: len(hours) * (columnWidth + columnGap), Height: chartHeight}
	for _, h := range hours {
		out.Most = max(out.Most, h.Changes+h.Failed)
	}
	out.Any = out.Most > 0
	for i, h := range hours {
		x := column{X: i * (columnWidth + columnGap), Width: columnWidth, Label: c.Say("overview.hour", "Time", c.Time(h.Begin.In(c.zone)), "Changes", h.Changes, "Failed", h.Failed)}
		x.Height, x.FailedHt = share(h.Changes, out.Most), share(h.Failed, out.Most)
		x.Y = chartHeight - x.Height
		x.FailedY = x.Y - x.FailedHt
		out.Columns = append(out.Columns, x)
	}
	return out
}

// share is the height of n of most; what there is can be seen.
func share(n, most int) int {
	if n == 0 || most == 0 {
		return 0
	}
	return max(2, n*(chartHeight-2)/most)
}
