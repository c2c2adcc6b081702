package dav

// QuirkParts are the parts of User-Agents in the table of quirks, in its order.
func QuirkParts() (parts []string) {
	for _, row := range quirkTable {
		parts = append(parts, row.part)
	}
	return parts
}

// QuirkFamilies are the names of the programs in the table.
func QuirkFamilies() (families []string) {
	for _, row := range quirkTable {
		families = append(families, row.family)
	}
	return families
}
