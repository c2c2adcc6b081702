package davxml

// Limits bound one request body. A zero field takes the default named with it, so Limits{} is the usual value and
// a caller sets Bytes alone.
type Limits struct {
	Bytes      int64 // of the whole body; 10 MiB
	Depth      int   // of nested elements; 64
	Elements   int   // in all, and as many attributes; 50 000 (comments and other tokens four times as many)
	Namespaces int   // distinct names, and declarations in scope at once; 64
	Attrs      int   // of one element, namespace declarations included; 64
	Tag        int   // bytes of one tag; 64 KiB
	Text       int   // bytes of one run of text, comment or instruction; 1 MiB
	Hrefs      int   // of one multiget; 5 000
	Props      int   // distinct property names asked for, as each is answered for each member; 256
	Filters    int   // filter and selection nodes, as each is tried on each object; 1 000
}

// withDefaults fills the zero fields.
func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 10 << 20
	}
	for _, f := range []struct {
		field *int
		value int
	}{
		{&l.Depth, 64}, {&l.Elements, 50_000}, {&l.Namespaces, 64}, {&l.Attrs, 64}, {&l.Tag, 64 << 10},
		{&l.Text, 1 << 20}, {&l.Hrefs, 5_000}, {&l.Props, 256}, {&l.Filters, 1_000},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return l
}
