package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"strings"

	"crmbridge/store"
)

// making is how the floor of an operation comes from one of its answers.
type making = func(ctx context.Context, answer []byte) (floor, error)

// textsIn reads the texts of objects by name or id.
const textsIn = `SELECT v.text FROM objects AS o JOIN versions AS v ON v.object_id = o.id AND v.seq = o.seq WHERE `

func list(n int) string { return "(" + strings.Repeat("?, ", n-1) + "?)" }

// floorGet reads one text by name and writes it.
func (w *world) floorGet(f *folder) making {
	return func(ctx context.Context, _ []byte) (floor, error) {
		s, err := w.plain.stmt(ctx, textsIn+`o.collection_id = ? AND o.name = ? AND NOT o.shadowed`)
		at := counter()
		return func(rw http.ResponseWriter, r *http.Request) error {
			var text []byte
			if err := s.QueryRowContext(r.Context(), f.col.ID, f.names[at()*7919%len(f.names)]).Scan(&text); err != nil {
				return err
			}
			_, err := rw.Write(text)
			return err
		}, err
	}
}

// floorRows reads the rows of a query and writes the operation's answer in step.
func (w *world) floorRows(query string, columns, rows int, args ...any) making {
	return func(ctx context.Context, body []byte) (floor, error) {
		s, err := w.plain.stmt(ctx, query)
		return func(rw http.ResponseWriter, r *http.Request) error {
			values := make([]string, columns)
			dest := make([]any, columns)
			for i := range dest {
				dest[i] = &values[i]
			}
			rw.WriteHeader(http.StatusMultiStatus)
			a := &answer{w: rw, body: body, rows: rows}
			if err := each(r.Context(), s, args, dest, a.step); err != nil {
				return err
			}
			return a.end()
		}, err
	}
}

// floorTexts reads as many texts by name as the operation did, others in each round.
func (w *world) floorTexts(f *folder) making {
	return func(ctx context.Context, body []byte) (floor, error) {
		s, err := w.plain.stmt(ctx, textsIn+`o.collection_id = ? AND o.name IN `+list(asked)+` AND NOT o.shadowed`)
		at := counter()
		return func(rw http.ResponseWriter, r *http.Request) error {
			args := []any{f.col.ID}
			n := at()
			for k := range asked {
				args = append(args, f.names[(n*7919+k*(len(f.names)/asked))%len(f.names)])
			}
			rw.WriteHeader(http.StatusMultiStatus)
			a := &answer{w: rw, body: body, rows: asked}
			var text []byte
			if err := each(r.Context(), s, args, []any{&text}, a.step); err != nil {
				return err
			}
			return a.end()
		}, err
	}
}

// floorMembers reads the texts of exactly those objects that an answer has.
func (w *world) floorMembers(f *folder) making {
	return func(ctx context.Context, body []byte) (floor, error) {
		ids, err := w.ids(ctx, f, f.members(body))
		if err != nil {
			return nil, err
		}
		s, err := w.plain.stmt(ctx, textsIn+`o.id IN `+list(asked))
		return func(rw http.ResponseWriter, r *http.Request) error {
			rw.WriteHeader(http.StatusMultiStatus)
			a := &answer{w: rw, body: body, rows: len(ids)}
			var text []byte
			for rest := ids; len(rest) > 0; rest = rest[min(asked, len(rest)):] {
				args := make([]any, asked)
				for i := range args {
					args[i] = store.ObjectID(-1) // nothing has it
					if i < len(rest) {
						args[i] = rest[i]
					}
				}
				if err := each(r.Context(), s, args, []any{&text}, a.step); err != nil {
					return err
				}
			}
			return a.end()
		}, err
	}
}

// ids finds objects by name.
func (w *world) ids(ctx context.Context, f *folder, names []string) (ids []store.ObjectID, err error) {
	s, err := w.plain.stmt(ctx, `SELECT id FROM objects WHERE collection_id = ? AND name = ? AND NOT shadowed`)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		var id store.ObjectID
		if err := s.QueryRowContext(ctx, f.col.ID, name).Scan(&id); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// floorWrite takes a body and commits one row with it. The query's arguments are
// text and name.
func (w *world) floorWrite(query string, status int, name func(n int) string) making {
	return func(ctx context.Context, _ []byte) (floor, error) {
		s, err := w.plain.stmt(ctx, query)
		at := counter()
		return func(rw http.ResponseWriter, r *http.Request) error {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			err = w.plain.inTx(r.Context(), func(tx *sql.Tx) error {
				_, err := tx.StmtContext(r.Context(), s).ExecContext(r.Context(), text, name(at()))
				return err
			})
			if err == nil {
				rw.WriteHeader(status)
			}
			return err
		}, err
	}
}
