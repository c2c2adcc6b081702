package main

import (
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"crmbridge/manage"
)

// severalUsers reports whether rows are of more than one account, so that a name does not
// say which link is meant.
func severalUsers[T any](rows []T, user func(T) string) bool {
	return slices.ContainsFunc(rows, func(r T) bool { return user(r) != user(rows[0]) })
}

// owned puts account and number of a link before its name, where they are wanted.
func owned(wanted bool, id, user string, cells ...string) []string {
	if wanted {
		return append([]string{id, user}, cells...)
	}
	return cells
}

func (p *program) linkList() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "list", Short: "List links", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.office.Links(ctx, user)
				if err != nil {
					return err
				}
				return print(p, rows, printed[manage.Link]{
					head: []string{"ID", "USER", "NAME", "COLLECTION", "REMOTE", "ITEMS", "EVERY", "POLICY"},
					cells: func(l manage.Link) []string {
						return []string{strconv.FormatInt(int64(l.ID), 10), l.User, l.Name, l.Collection,
							l.Driver + ":" + l.Folder, strconv.Itoa(l.Items), l.Interval, l.Policy}
					},
				})
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account (default: all)")
	return c
}
