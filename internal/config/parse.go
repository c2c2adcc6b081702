package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Source is where a configuration comes from.
type Source struct {
	// Name of the file, for messages; its folder is what relative paths refer to.
	Name string
	// File holds the YAML; empty is fine: everything has a default.
	File []byte
	// Env holds the environment by name.
	Env map[string]string
	// ReadFile reads the files named by …_FILE variables.
	ReadFile func(path string) ([]byte, error)
}

// Parse reads a configuration. The error joins every fault, each with its place: those
// of the file in the order of its lines, then those of variables. It never repeats a
// secret.
func Parse(s Source) (Config, error) {
	found, faults := s.found()
	c, wrong := s.values(found)
	faults = append(faults, wrong...)
	faults = append(faults, s.strangers()...)
	if err := inOrder(faults); err != nil {
		return Config{}, err
	}
	c.resolve(filepath.Dir(s.Name))
	return c, nil
}

// found are the values of the file, and over them those of variables.
func (s Source) found() (map[string]value, []fault) {
	found, faults := s.read()
	for _, o := range table {
		v, err := s.override(o)
		if err != nil {
			faults = append(faults, fault{err: err})
		} else if v != nil {
			found[o.key] = *v
		}
	}
	return found, faults
}

// values sets every option, and checks together those that are right by themselves.
func (s Source) values(found map[string]value) (c Config, faults []fault) {
	bad := map[string]bool{}
	for _, o := range table {
		v, ok := found[o.key]
		if !ok {
			v = value{text: o.def}
		}
		if v.text == "" && o.def == "" {
			continue
		}
		if err := o.set(&c, v.text); err != nil {
			bad[o.key] = true
			faults = append(faults, v.fault("%s %w", o.key, err))
		}
	}
	for _, row := range together {
		if slices.ContainsFunc(row.keys, func(k string) bool { return bad[k] }) || row.ok(&c) {
			continue
		}
		at := value{where: s.Name}
		for _, k := range row.keys {
			if v, ok := found[k]; ok { // the first that somebody wrote
				at = v
				break
			}
		}
		faults = append(faults, at.fault("%s", row.fault))
	}
	return c, faults
}

// strangers are variables that look like settings and are none. Others that begin
// with BRIDGE_ may belong to somebody else.
func (s Source) strangers() []fault {
	var faults []fault
	for name := range s.Env {
		rest, ours := strings.CutPrefix(name, "BRIDGE_")
		if !ours || !slices.ContainsFunc(sections, func(sec section) bool { return strings.HasPrefix(rest, strings.ToUpper(sec.name)+"_") }) {
			continue
		}
		bare := strings.TrimSuffix(name, "_FILE")
		if !slices.ContainsFunc(table, func(o option) bool { v := o.variable(); return v == name || v == bare }) {
			faults = append(faults, fault{err: fmt.Errorf("%s: there is no such setting", name)})
		}
	}
	slices.SortFunc(faults, func(a, b fault) int { return strings.Compare(a.err.Error(), b.err.Error()) })
	return faults
}

// Others are the variables that begin with BRIDGE_ and are no settings, in order: somebody else's, or misspelled.
func Others(env map[string]string) []string {
	var names []string
	for name := range env {
		if !strings.HasPrefix(name, "BRIDGE_") || name == "BRIDGE_CONFIG" {
			continue
		}
		bare := strings.TrimSuffix(name, "_FILE")
		if !slices.ContainsFunc(table, func(o option) bool { v := o.variable(); return v == name || v == bare }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// resolve makes relative paths relative to the file, so that the working folder
// does not matter.
func (c *Config) resolve(dir string) {
	for _, p := range []*string{&c.TLSCert, &c.TLSKey, &c.ACMECache, &c.KeyFile, &c.CAFile} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	if path, ok := SQLitePath(c.Database); ok && !filepath.IsAbs(path) && path != ":memory:" {
		c.Database = "sqlite:" + filepath.Join(dir, path)
	}
}

// SQLitePath is the file of a database URL, false for other databases.
func SQLitePath(url string) (string, bool) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return path, true
	}
	return url, !strings.Contains(url, "://")
}

// override finds an option's variable, or the file that its …_FILE names.
func (s Source) override(o option) (*value, error) {
	name := o.variable()
	if v, ok := s.Env[name]; ok {
		if _, both := s.Env[name+"_FILE"]; both {
			return nil, fmt.Errorf("%s and %s_FILE are both set", name, name)
		}
		return &value{text: strings.TrimSpace(v), where: name}, nil
	}
	path, ok := s.Env[name+"_FILE"]
	if !ok {
		return nil, nil
	}
	b, err := s.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s_FILE: %w", name, err)
	}
	return &value{text: strings.TrimSpace(string(b)), where: name + "_FILE"}, nil
}

// read flattens the file into dotted keys.
func (s Source) read() (map[string]value, []fault) {
	found := make(map[string]value)
	if len(strings.TrimSpace(string(s.File))) == 0 {
		return found, nil
	}
	r := reader{name: s.Name, found: found}
	for d, n := yaml.NewDecoder(bytes.NewReader(s.File)), 0; ; n++ {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return found, r.faults
		}
		if err != nil {
			return found, []fault{{err: fmt.Errorf("%s: %s", s.Name, strings.TrimPrefix(err.Error(), "yaml: "))}}
		}
		switch {
		case len(doc.Content) == 0, doc.Content[0].Tag == "!!null": // comments only
		case n == 0:
			r.mapping("", doc.Content[0])
		default:
			r.fault(doc.Content[0], "what stands below a line --- is not read; put it above")
		}
	}
}

type reader struct {
	name   string
	found  map[string]value
	faults []fault
}

func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, value{where: r.name, line: n.Line}.fault(format, args...))
}

func (r *reader) mapping(prefix string, n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // a section whose options are all commented out
	}
	if n.Kind != yaml.MappingNode {
		what := strings.TrimSuffix(prefix, ".")
		if what == "" {
			what = "the file"
		}
		r.fault(n, "%s is not a group of settings, written as name: value", what)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key := prefix + k.Value
		switch {
		case slices.ContainsFunc(table, func(o option) bool { return o.key == key }):
			r.option(key, k, v)
		case slices.ContainsFunc(table, func(o option) bool { return strings.HasPrefix(o.key, key+".") }):
			r.mapping(key+".", v)
		default:
			r.fault(k, "there is no setting %q%s", key, suggestion(key))
		}
	}
}

func (r *reader) option(key string, k, v *yaml.Node) {
	if old, twice := r.found[key]; twice {
		r.fault(k, "%s is set twice, first in line %d", key, old.line)
		return
	}
	i := slices.IndexFunc(table, func(o option) bool { return o.key == key })
	text := ""
	switch {
	case v.Kind == yaml.ScalarNode && v.Tag == "!!null":
	case v.Kind == yaml.ScalarNode:
		text = v.Value
	case v.Kind == yaml.SequenceNode && table[i].list:
		var parts []string
		for _, e := range v.Content {
			if e.Kind != yaml.ScalarNode {
				r.fault(e, "%s has an entry that is no plain value", key)
				return
			}
			parts = append(parts, e.Value)
		}
		text = strings.Join(parts, ",")
	default:
		r.fault(v, "%s is not a plain value", key)
		return
	}
	r.found[key] = value{text: text, where: r.name, line: v.Line}
}

// suggestion names the option that was probably meant.
func suggestion(key string) string {
	last := key[strings.LastIndexByte(key, '.')+1:]
	for _, o := range table {
		if strings.HasSuffix(o.key, "."+last) || distance(o.key, key) <= 2 {
			return fmt.Sprintf("; did you mean %s?", o.key)
		}
	}
	return ""
}

// distance is the edit distance of two short words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := prev
			if a[i-1] != b[j-1] {
				cost++
			}
			prev, row[j] = row[j], min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
