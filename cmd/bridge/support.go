package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crmbridge/internal/config"
	"crmbridge/manage"
)

// supportShown is what a bundle holds.
type supportShown struct {
	File  string   `json:"file"`
	Bytes int64    `json:"bytes"`
	Files []string `json:"files"`
	Sent  bool     `json:"sent"` // never
}

// supportFile is one file of a bundle.
type supportFile struct {
	name, about string
	value       any
}

func (p *program) supportCommand() *cobra.Command {
	var offline bool
	c := &cobra.Command{
		Use: "support FILE", Short: "Make a zip file for a bug report, without names, contents and secrets", Args: cobra.ExactArgs(1),
		Long: "Make a zip file for a bug report: version, settings, checks, counts, links with their rules, the last runs, lines of the log. It holds no contents\n" +
			"of items, no names or addresses of people or systems, no texts of errors, no secrets. It is sent nowhere: that is up to you, once you have\n" +
			"looked through it. FILE must not be there yet. The connections of links are tested as by `bridge doctor`, unless --offline is given.\n" +
			"See docs/support.md.",
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := p.supportFiles(cmd.Context(), time.Now(), !offline)
			if err != nil {
				return err
			}
			row, err := writeSupport(args[0], files)
			if err != nil || p.json {
				return errors.Join(err, p.jsonIf(err == nil, row))
			}
			return p.say("%s: %d KiB\n%s\nIt was sent nowhere. Look through it before you pass it on.", row.File, (row.Bytes+1023)/1024, contents(files))
		},
	}
	c.Flags().BoolVar(&offline, "offline", false, "do not test the connections of links")
	return c
}

// supportFiles gathers what there is. A database that does not open leaves its files out:
// the checks say why.
func (p *program) supportFiles(ctx context.Context, now time.Time, connections bool) ([]supportFile, error) {
	src, err := p.source()
	if err != nil {
		return nil, err
	}
	files := []supportFile{
		{"version.json", "the program, and the system it runs on", machineNow(now)},
		{"settings.json", "the configuration; what may name a place or hold a secret is \"…\"", config.Told(src)},
		{"doctor.json", "the checks of bridge doctor, with the kinds of faults, without their texts", bareChecks(p.examine(ctx, connections))},
	}
	if cfg, err := config.Parse(src); err == nil {
		lines, err := newKeptRing(cfg).lines(now)
		if err != nil {
			return nil, err
		}
		files = append(files, supportFile{"log.json", "lines of the server's log: words of the program, numbers and kinds of faults, without texts", lines})
	}
	err = p.withApp(ctx, func(ctx context.Context, a *app) error {
		of, err := a.supportState(ctx)
		files = append(files, of...)
		return err
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		files = append(files, supportFile{"missing.json", "why there is nothing about the database, as a kind of fault; see also doctor.json", supportCheck{"database", false, manage.ReasonOf(err)}})
	}
	return append(files, supportFile{"process.json", "goroutines and memory of the command that made this, not of the server", processNow()}), nil
}

// contents lists the files for people.
func contents(files []supportFile) string {
	var b strings.Builder
	for _, f := range files {
		b.WriteString("  " + f.name + ": " + f.about + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func writeSupport(name string, files []supportFile) (supportShown, error) {
	row := supportShown{File: name}
	err := newFile("support", name, func(f *os.File) error {
		if err := zipSupport(f, files); err != nil {
			return err
		}
		for _, s := range files {
			row.Files = append(row.Files, s.name)
		}
		var err error
		row.Bytes, err = f.Seek(0, io.SeekEnd)
		return err
	})
	return row, err
}

// zipSupport writes the bundle.
func zipSupport(to io.Writer, files []supportFile) error {
	z := zip.NewWriter(to)
	if err := zipped(z, "README.txt", []byte("A report of a bridge between a CRM and calendars, made by `bridge support`.\n\n"+contents(files)+
		"\n\nContents of items, names and addresses of people and systems, texts of errors, and secrets are left out.\n")); err != nil {
		return err
	}
	for _, s := range files {
		b, err := json.MarshalIndent(s.value, "", "  ")
		if err == nil {
			err = zipped(z, s.name, append(b, '\n'))
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

// sendSupport is the bundle for whoever asks a running server for it.
func (p *program) sendSupport(ctx context.Context, w io.Writer) error {
	files, err := p.supportFiles(ctx, time.Now(), true)
	if err != nil {
		return err
	}
	return zipSupport(w, files)
}

func zipped(z *zip.Writer, name string, b []byte) error {
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}
