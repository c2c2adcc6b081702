package creatio

import (
	"context"
	"slices"

	"crmbridge/pim"
	"crmbridge/remote"
)

// Columns implements remote.FieldMapper. The site does not tell how people call a column,
// how long its texts may be, or which ones it cannot be without.
func (c *connector) Columns(ctx context.Context, k pim.Kind) ([]remote.Column, error) {
	entity := entityOf(k)
	if entity == "" {
		return nil, nil
	}
	// A person is looking, who may have added a column just now.
	m, _, err := c.models.Again(ctx, "")
	if err != nil {
		return nil, err
	}
	own := map[string]remote.Mapping{}
	for _, row := range c.FieldMap(k) {
		for _, name := range row.Columns {
			if row.Kind != remote.RowsColumn {
				own[name] = row
			}
		}
	}
	var out []remote.Column
	for _, p := range m.entities[entity].columns {
		col := m.column(entity, p)
		row, mapped := own[p.Name]
		col.ReadOnly = slices.Contains(keptBySite(entity), p.Name) || row.ReadOnly
		if mapped && len(row.Columns) == 1 {
			// As the map has it: which lists are short, and which times are days, is not told.
			col.Kind, col.Of, col.Required = row.Kind, row.Of, row.Required
		}
		out = append(out, col)
	}
	return out, nil
}

func entityOf(k pim.Kind) string {
	switch k {
	case pim.KindEvent, pim.KindTask, pim.KindMessage:
		return "Activity"
	case pim.KindContact:
		return "Contact"
	}
	return ""
}

// column is what a column holds. A lookup can be mapped if what it leads to has a name.
func (m *model) column(entity string, p property) remote.Column {
	col := remote.Column{Name: p.Name, Kind: remote.OtherColumn}
	switch p.Type {
	case "Edm.String":
		col.Kind = remote.TextColumn
	case "Edm.Boolean":
		col.Kind = remote.FlagColumn
	case "Edm.DateTimeOffset":
		col.Kind = remote.TimeColumn
	case "Edm.Byte", "Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double", "Edm.Single":
		col.Kind = remote.NumberColumn
	case "Edm.Guid":
		if to := m.entities[entity].leads[p.Name]; m.named[to] {
			col.Kind, col.Of = remote.ReferenceColumn, to
		}
	}
	return col
}

// keptBySite are the columns that the site fills in, or that the driver keeps right: they
// mirror rows of other entities, or move with other columns.
func keptBySite(entity string) []string {
	base := []string{"Id", "CreatedOn", "CreatedById", "ModifiedOn", "ModifiedById", "ProcessListeners", "OwnerId"}
	if entity == "Activity" {
		return append(base, "StartDate", "DueDate", "DurationInMinutes", "DurationInMnutesAndHours", "ShowInScheduler", "TypeId",
			"RemindToOwner", "RemindToOwnerDate", "OrganizerId", "AuthorId", "SenderContactId", "ActivityConnectionId")
	}
	base = append(base, "Name", "GivenName", "MiddleName", "Surname", "AddressTypeId", "Address", "CityId", "RegionId", "CountryId", "Zip",
		"Facebook", "LinkedIn", "Twitter", "PhotoId", "Age", "Completeness")
	return append(base, mirrorColumns()...)
}
