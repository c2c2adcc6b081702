package dav

// QuirkParts are the parts of User-Agents in the table of quirks, in its order.
func QuirkParts() (parts []string) {
	for _, row := range quirkTable {
		parts = append(parts, row.part)
	}
	return parts
}
