package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
)

func (p *program) linkFolders() *cobra.Command {
	var f connectionFlags
	c := &cobra.Command{
		Use: "folders [LINK]", Short: "List the calendars, task lists and address books of a CRM or mail server", Args: cobra.MaximumNArgs(1),
		Long: `Lists what a link can lead to: of a link's connection, or of options before they are used.
Of a mail server a link takes one of them, several, or all:

  bridge link add … --collection calendar --remote Calendar --remote "Team Berlin"
  bridge link add … --collection calendar --remote all
  bridge link add … --collection tasks --remote all`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				rows, err := a.folders(ctx, f, args)
				if err != nil {
					return err
				}
				return p.showFolders(rows)
			})
		},
	}
	f.register(c)
	for _, name := range []string{"user", "driver"} {
		delete(c.Flags().Lookup(name).Annotations, cobra.BashCompOneRequiredFlag)
	}
	return c
}

// folders are those of the link that args name, else of the connection that the flags tell.
func (a *app) folders(ctx context.Context, f connectionFlags, args []string) ([]manage.Folder, error) {
	if len(args) == 0 {
		conn, err := f.connection()
		if err != nil {
			return nil, err
		}
		return a.office.Folders(ctx, conn)
	}
	l, u, err := a.office.FindLink(ctx, f.user, args[0])
	if err != nil {
		return nil, err
	}
	return a.office.FoldersOf(ctx, l, u)
}

func (p *program) showFolders(rows []manage.Folder) error {
	return print(p, rows, printed[manage.Folder]{
		head: []string{"NAME", "KINDS", "", "ID"},
		cells: func(f manage.Folder) []string {
			note := ""
			switch {
			case f.Others:
				note = "somebody else's"
			case f.ReadOnly:
				note = "read only"
			}
			return []string{f.Name, fmt.Sprint(manage.KindNames(pim.Kinds(f.Kinds...))), note, f.ID}
		},
	})
}
