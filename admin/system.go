package admin

import (
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"time"
)

// systemData is what the page about the server shows.
type systemData struct {
	Version      string
	Now          time.Time
	Schema, Want int
	Rows         []rowCount
	Address      string
}

type rowCount struct {
	Table string
	Rows  int
}

func (c *call) system() (answer, error) {
	d := systemData{Version: c.Version, Now: c.Now(), Address: c.Office.Address}
	var err error
	if d.Schema, d.Want, err = c.Store.SchemaVersion(c.r.Context()); err != nil {
		return nil, err
	}
	counts, err := c.Office.Rows(c.r.Context())
	for _, table := range slices.Sorted(maps.Keys(counts)) {
		d.Rows = append(d.Rows, rowCount{table, int(counts[table])})
	}
	return page{name: "system", data: d}, err
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
