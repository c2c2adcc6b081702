package main

import (
	"github.com/spf13/cobra"

	"crmbridge/manage"
)

func (p *program) linkDrivers() *cobra.Command {
	return &cobra.Command{
		Use: "drivers [NAME]", Short: "List the kinds of CRM and mail server, or the options of one", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return print(p, drivers().Rows(), printed[manage.DriverRow]{
					head:  []string{"NAME", "TITLE"},
					cells: func(d manage.DriverRow) []string { return []string{d.Name, d.Title} },
				})
			}
			rows, err := drivers().Options(args[0])
			if err != nil {
				return err
			}
			return print(p, rows, printed[manage.DriverOption]{
				head: []string{"OPTION", "DEFAULT", "MEANING"},
				cells: func(o manage.DriverOption) []string {
					def := o.Default
					if o.Required {
						def = "(required)"
					}
					return []string{o.Name, def, o.Help}
				},
			})
		},
	}
}
