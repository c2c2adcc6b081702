package admin

import (
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"time"

	"crmbridge/manage"
	"crmbridge/pim"
)

// systemData is what the page about the server shows.
type systemData struct {
	manage.System
	Tables  []rowCount
	Support bool // a bundle can be made
}

type rowCount struct {
	Table string
	Rows  int
}

func (c *call) system() (answer, error) {
	s, err := c.Office.System(c.r.Context(), c.Version)
	d := systemData{System: s, Support: c.Support != nil}
	for _, table := range slices.Sorted(maps.Keys(s.Rows)) {
		d.Tables = append(d.Tables, rowCount{table, int(s.Rows[table])})
	}
	return page{name: "system", data: d}, err
}

// rotateKey makes a new key, as "bridge secret rotate" does.
func (c *call) rotateKey() (answer, error) {
	n, err := c.Office.RotateKey(c.r.Context())
	if err != nil {
		return nil, err
	}
	c.tell(false, c.Count("system.rotated", n))
	return to(Prefix + "system"), nil
}

// support sends the file for a bug report, as "bridge support" makes it.
func (c *call) support() (answer, error) {
	if c.Support == nil {
		return nil, pim.Errorf("page", pim.ErrNotFound, "there is no such page")
	}
	return download{name: "bridge-" + c.Now().UTC().Format("2006-01-02-1504") + "-support.zip", kind: "application/zip", fill: func(w io.Writer) error {
		return c.Support(c.r.Context(), w)
	}}, nil
}

// backup sends everything there is as a file, as "bridge backup" does.
func (c *call) backup() (answer, error) {
	return download{name: "bridge-" + c.Now().UTC().Format("2006-01-02-1504") + ".backup", kind: "application/gzip", fill: func(w io.Writer) error {
		_, err := c.Office.Backup(c.r.Context(), w, c.Version)
		return err
	}}, nil
}

// download is a file, which is written as it is made. Its name is one of ours: nothing in it comes from an item or a person.
type download struct {
	name, kind string
	fill       func(io.Writer) error
}

func (d download) write(c *call) error {
	h := c.w.Header()
	h.Set("Content-Type", d.kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": d.name}))
	// A large one takes longer than an answer may.
	if err := http.NewResponseController(c.w).SetWriteDeadline(time.Time{}); err != nil {
		return fmt.Errorf("admin: download: %w", err)
	}
	if err := d.fill(c.w); err != nil {
		c.Log.Error("download ended early", "file", d.name, "err", err)
		panic(http.ErrAbortHandler) // so that nobody takes the part for the whole
	}
	return nil
}
