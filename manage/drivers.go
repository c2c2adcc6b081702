package manage

import (
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
)

// Driver is something that a collection can be linked to.
type Driver struct {
	remote.Driver
	// Side is which of a collection's two links it is: there can be one of each.
	Side store.Side
}

// Drivers is the table of everything that a collection can be linked to.
type Drivers []Driver

// Named is a driver of the table; one that is not there is zero.
func (ds Drivers) Named(name string) (Driver, bool) {
	i := slices.IndexFunc(ds, func(d Driver) bool { return d.Name == name })
	if i < 0 {
		return Driver{}, false
	}
	return ds[i], true
}

// Names are those of all drivers, sorted.
func (ds Drivers) Names() []string {
	names := make([]string, len(ds))
	for i, d := range ds {
		names[i] = d.Name
	}
	slices.Sort(names)
	return names
}

// Map is the table by name, as relay.Connections takes it.
func (ds Drivers) Map() map[string]remote.Driver {
	m := make(map[string]remote.Driver, len(ds))
	for _, d := range ds {
		m[d.Name] = d.Driver
	}
	return m
}

// DriverRow is a driver as people see it.
type DriverRow struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Help  string `json:"help"`
}

// Rows are the drivers as people see them.
func (ds Drivers) Rows() []DriverRow {
	rows := make([]DriverRow, len(ds))
	for i, d := range ds {
		rows[i] = DriverRow{d.Name, d.Title, d.Help}
	}
	return rows
}

// DriverOption is a setting of a driver as people see it.
type DriverOption struct {
	Name     string   `json:"name"`
	Help     string   `json:"help"`
	Default  string   `json:"default,omitempty"`
	Required bool     `json:"required"`
	Secret   bool     `json:"secret"`
	Values   []string `json:"values,omitempty"`
}

// Options are the settings of the named driver, and of every connection. Errors: pim.ErrNotFound.
func (ds Drivers) Options(name string) ([]DriverOption, error) {
	d, ok := ds.Named(name)
	if !ok {
		return nil, pim.Errorf("link drivers", pim.ErrNotFound, "there is no driver %q", name)
	}
	var rows []DriverOption
	for _, o := range d.All() {
		rows = append(rows, DriverOption{o.Name, o.Help, o.Default, o.Required, o.Secret, o.Values})
	}
	return rows, nil
}

// side is the one that links of a driver are on; "" for a driver that is not in the table.
func (o *Office) side(driver string) store.Side {
	d, _ := o.Drivers.Named(driver)
	return d.Side
}

// driver is zero when it is not in the table.
func (o *Office) driver(name string) remote.Driver {
	d, _ := o.Drivers.Named(name)
	return d.Driver
}

// OtherSide is what a side is called to people.
func OtherSide(s store.Side) string {
	if s == store.Exchange {
		return "the mail server"
	}
	return "the CRM"
}
