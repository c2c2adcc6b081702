package admin

import (
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"

	"crmbridge/internal/sheet"
	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/review"
)

// exportRows is how many rows of a list are read at once for a file: all of them may be more than fit into memory.
const exportRows = 500

// asParameter asks for a list as a file, with the filter that stands beside it in the address.
const asParameter = "as"

// asFile reports whether a list is wanted as a file.
func (c *call) asFile() bool { return c.r.URL.Query().Get(asParameter) != "" }

// files are the addresses of what a page lists, as a file: all of it that the filter chooses, not only what the page has room for.
type files struct{ CSV, JSON string }

func (c *call) files() files {
	address := func(as string) string {
		q := url.Values{}
		for name, v := range c.r.URL.Query() {
			q[name] = v
		}
		q.Del("after")
		q.Set(asParameter, as)
		return c.r.URL.Path + "?" + q.Encode()
	}
	return files{address("csv"), address("json")}
}

// export is a list as a file; read is asked for rows behind one, as many as it is told. The first rows are read before anything is sent, so that
// what is wrong with a filter is a page.
func export[T any](c *call, name string, t manage.Table[T], read func(after int64, limit int) (review.Page[T], error)) (answer, error) {
	as := c.r.URL.Query().Get(asParameter)
	if as != "csv" && as != "json" {
		return nil, pim.Errorf("page", pim.ErrInvalid, "a list can be had as csv or json")
	}
	rows, err := read(0, exportRows)
	if err != nil {
		return nil, err
	}
	each := func(row func(T) error) error {
		for {
			for _, r := range rows.Rows {
				if err := row(r); err != nil {
					return err
				}
			}
			if rows.Next == 0 {
				return nil
			}
			if rows, err = read(rows.Next, exportRows); err != nil {
				return err
			}
		}
	}
	d := download{name: "bridge-" + c.Now().UTC().Format("2006-01-02-1504") + "-" + name + "." + as}
	if as == "json" {
		d.kind, d.fill = "application/json", func(w io.Writer) error { return writeJSON(w, each) }
		return d, nil
	}
	d.kind, d.fill = sheet.ContentType, func(w io.Writer) error {
		if _, err := io.WriteString(w, sheet.Mark); err != nil {
			return err
		}
		s := sheet.NewWriter(w)
		_ = s.Row(t.Head...) // Flush tells
		if err := each(func(r T) error { return s.Row(t.Cells(r, c.stamp)...) }); err != nil {
			return err
		}
		return s.Flush()
	}
	return d, nil
}

// writeJSON writes rows as one list, a row a line, as they come.
func writeJSON[T any](w io.Writer, each func(func(T) error) error) error {
	before := "[\n"
	err := each(func(r T) error {
		b, err := json.Marshal(r)
		if err == nil {
			_, err = io.WriteString(w, before+string(b))
		}
		before = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	if before == "[\n" {
		_, err = io.WriteString(w, "[]\n")
	} else {
		_, err = io.WriteString(w, "\n]\n")
	}
	return err
}

// stamp is a moment where the person is, as spreadsheets read it.
func (c *call) stamp(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.In(c.zone).Format(time.DateTime)
}

// asText is a list as text to copy, a line a row.
func asText[T any](c *call, rows []T, t manage.Table[T]) string {
	var b strings.Builder
	line := func(cells []string) {
		for i, cell := range cells {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(strings.Join(strings.Fields(cell), " "))
		}
		b.WriteByte('\n')
	}
	line(t.Head)
	for _, r := range rows {
		line(t.Cells(r, c.stamp))
	}
	return b.String()
}
