package main

import (
	"github.com/spf13/cobra"

	"crmbridge/pim"
	"crmbridge/remote"
)

func (p *program) linkDrivers() *cobra.Command {
	return &cobra.Command{
		Use: "drivers [NAME]", Short: "List the kinds of CRM and mail server, or the options of one", Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return p.listDrivers()
			}
			d, ok := drivers().Named(args[0])
			if !ok {
				return pim.Errorf("link drivers", pim.ErrNotFound, "there is no driver %q", args[0])
			}
			return p.listOptions(d.Driver)
		},
	}
}

type driverShown struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Help  string `json:"help"`
}

func (p *program) listDrivers() error {
	var rows []driverShown
	for _, d := range drivers() {
		rows = append(rows, driverShown{d.Name, d.Title, d.Help})
	}
	return print(p, rows, printed[driverShown]{
		head:  []string{"NAME", "TITLE"},
		cells: func(d driverShown) []string { return []string{d.Name, d.Title} },
	})
}

type optionShown struct {
	Name     string   `json:"name"`
	Help     string   `json:"help"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required"`
	Secret   bool     `json:"secret"`
	Values   []string `json:"values,omitempty"`
}

func (p *program) listOptions(d remote.Driver) error {
	var rows []optionShown
	for _, o := range d.All() {
		rows = append(rows, optionShown{o.Name, o.Help, o.Default, o.Required, o.Secret, o.Values})
	}
	return print(p, rows, printed[optionShown]{
		head: []string{"OPTION", "DEFAULT", "MEANING"},
		cells: func(o optionShown) []string {
			def := o.Default
			if o.Required {
				def = "(required)"
			}
			return []string{o.Name, def, o.Help}
		},
	})
}
