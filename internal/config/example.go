package config

import (
	"fmt"
	"strings"
)

// Example is config.example.yaml: every option with its default, commented.
func Example() string {
	var b strings.Builder
	b.WriteString(`# Configuration of the bridge.
#
# Every setting has a default; what is commented out shows it. Unknown settings and
# wrong values stop the start, all of them named at once.
#
# Every setting can be given by a variable instead, which wins: server.listen is
# BRIDGE_SERVER_LISTEN. For secrets, BRIDGE_DATABASE_URL_FILE names a file that
# holds the value. Relative paths are relative to this file.
`)
	open := ""
	for _, s := range sections {
		fmt.Fprintf(&b, "\n# %s\n%s:\n", s.help, s.name)
		for _, o := range table {
			rest, ok := strings.CutPrefix(o.key, s.name+".")
			if !ok {
				continue
			}
			indent := "  "
			if group, leaf, nested := strings.Cut(rest, "."); nested {
				if open != s.name+"."+group {
					open = s.name + "." + group
					fmt.Fprintf(&b, "  %s:\n", group)
				}
				indent, rest = "    ", leaf
			}
			for _, l := range wrap(o.help, 90) {
				fmt.Fprintf(&b, "%s# %s\n", indent, l)
			}
			fmt.Fprintf(&b, "%s# %s: %s\n", indent, rest, o.shown())
		}
	}
	return b.String()
}

func (o option) shown() string {
	switch {
	case o.list && o.def == "":
		return "[]"
	case o.list:
		quoted := split(o.def)
		for i, v := range quoted {
			quoted[i] = fmt.Sprintf("%q", v)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case o.def == "":
		return `""`
	}
	return o.def
}

func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(s) {
		if line != "" && len(line)+1+len(w) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
