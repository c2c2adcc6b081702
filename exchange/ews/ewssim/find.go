package ewssim

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

func (c *call) findItems() (*node, error) {
	sh, err := c.readShape(c.req.kid("ItemShape"), true)
	if err != nil {
		return nil, asFault(err)
	}
	if c.req.kid("GroupBy") != nil || c.req.kid("DistinguishedGroupBy") != nil || c.req.kid("SeekToConditionPageItemView") != nil {
		return nil, faultOf("ErrorInvalidRequest", "Grouping and seeking are not part of this simulator.")
	}
	return c.each("FindItem", c.req.kid("ParentFolderIds").kids, nil, func(n *node) ([]*node, error) {
		f, err := c.findFolder(n)
		if err != nil {
			return nil, err
		}
		list, err := c.candidates(f)
		if err != nil {
			return nil, err
		}
		if r := c.req.kid("Restriction"); r != nil {
			if list, err = c.restrict(list, r.first()); err != nil {
				return nil, err
			}
		}
		if q := c.req.str("QueryString"); q != "" {
			list = slices.DeleteFunc(list, func(v view) bool {
				return !strings.Contains(strings.ToLower(v.text("Subject")+" "+v.text("Location")+" "+plainText(v.text("Body"))), strings.ToLower(strings.Trim(q, `"`)))
			})
		}
		if err := c.order(list); err != nil {
			return nil, err
		}
		return []*node{c.foundPage(list, sh)}, nil
	})
}

// candidates are the items of a folder, or with a CalendarView the appointments and occurrences in its span.
func (c *call) candidates(f *folder) ([]view, error) {
	window := c.req.kid("CalendarView")
	if window != nil {
		return c.calendarView(f, window)
	}
	var list []view
	if c.req.at("Traversal") == "SoftDeleted" {
		return nil, nil
	}
	for _, it := range f.sorted() {
		if it.associated == (c.req.at("Traversal") == "Associated") {
			list = append(list, view{it: it})
		}
	}
	return list, nil
}

func (c *call) calendarView(f *folder, w *node) ([]view, error) {
	if !under(f.class, "IPF.Appointment") {
		return nil, fail("ErrorCalendarFolderIsInvalidForCalendarView", "The folder is not a calendar.")
	}
	from, _ := parseTime(w.at("StartDate"), c.zone)
	to, _ := parseTime(w.at("EndDate"), c.zone)
	switch {
	case to.Before(from):
		return nil, fail("ErrorCalendarEndDateIsEarlierThanStartDate", "EndDate is earlier than StartDate")
	case to.Sub(from) > 2*366*24*time.Hour:
		return nil, fail("ErrorCalendarViewRangeTooBig", "The specified view range exceeds the maximum range of two years.")
	case c.req.kid("Restriction") != nil || c.req.kid("SortOrder") != nil:
		return nil, fail("ErrorInvalidRequest", "A calendar view takes neither restriction nor sort order.")
	}
	var list []view
	for _, it := range f.sorted() {
		if it.series != nil {
			for _, o := range it.series.between(from, to) {
				list = append(list, view{it, &o})
			}
		} else if it.isCalendar() && touches(it.time("Start"), it.time("End"), from, to) {
			list = append(list, view{it: it})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].start().Before(list[j].start()) })
	return list, nil
}

func (c *call) foundPage(list []view, sh *shape) *node {
	var page []view
	var total, next int
	var last bool
	out := el("m:RootFolder")
	if w := c.req.kid("CalendarView"); w != nil {
		most := len(list)
		if v := w.at("MaxEntriesReturned"); v != "" {
			most = min(most, atoi(v))
		}
		total, last, page = len(list), most == len(list), list[:most]
	} else {
		page, total, last, next = pageOf(list, c.req.kid("IndexedPageItemView"), c.opt.MaxFind)
		if c.req.kid("IndexedPageItemView") != nil {
			out.attr = append(out.attr, attr{"IndexedPagingOffset", itoa(next)})
		}
		if fr := c.req.kid("FractionalPageItemView"); fr != nil {
			num, den := atoi(fr.at("Numerator")), max(atoi(fr.at("Denominator")), 1)
			page = list[min(len(list)*num/den, len(list)):]
			out.attr = append(out.attr, attr{"NumeratorOffset", itoa(num)}, attr{"AbsoluteDenominator", itoa(den)})
			last = true
		}
	}
	out.attr = append(out.attr, attr{"TotalItemsInView", itoa(total)}, attr{"IncludesLastItemInRange", boolText(last)})
	items := el("t:Items")
	for _, v := range page {
		items.kids = append(items.kids, c.render(v, sh))
	}
	out.kids = []*node{items}
	return out
}

// order sorts by SortOrder.
func (c *call) order(list []view) error {
	fields := c.req.kid("SortOrder").all()
	var paths []path
	for _, f := range fields {
		p, err := parsePath(f.first())
		if err != nil {
			return err
		}
		if err := searchable(p); err != nil {
			return fail("ErrorUnsupportedPathForSortGroup", "The property cannot be sorted by.")
		}
		paths = append(paths, p)
	}
	sort.SliceStable(list, func(i, j int) bool {
		for k, p := range paths {
			a, b := c.operand(list[i], p), c.operand(list[j], p)
			if d := compare(first(a), first(b)); d != 0 {
				return (d < 0) == (fields[k].at("Order") == "Ascending")
			}
		}
		return false
	})
	return nil
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

// searchable refuses properties that the store cannot look for, because they are computed when shown.
func searchable(p path) error {
	no := " UID Body MimeContent EffectiveRights Recurrence FirstOccurrence LastOccurrence ModifiedOccurrences DeletedOccurrences " +
		"Attachments ResponseObjects StartTimeZone EndTimeZone Duration TimeZone IsMeeting CompleteName HasPicture RequiredAttendees " +
		"OptionalAttendees Resources MyResponseType CalendarItemType IsComplete InternetMessageHeaders UniqueBody TextBody PermissionSet "
	if p.kind == 'u' && strings.Contains(no, " "+p.name+" ") && p.name != "Body" {
		return fail("ErrorUnsupportedPathForQuery", "The property path %s cannot be used in a query.", p.uri())
	}
	return nil
}

// operand are the values of a property, as texts that compare can order.
func (c *call) operand(v view, p path) []string {
	if p.kind == 'x' {
		n := c.extended(v, p)
		if n == nil {
			return nil
		}
		if vs := n.kid("Values"); vs != nil {
			return textsOf(vs)
		}
		return []string{n.str("Value")}
	}
	if !belongs(p.space, v.it.class) {
		return nil
	}
	n := c.value(v, p.name, &shape{body: "Text"})
	if n == nil {
		return nil
	}
	if p.kind == 'i' {
		for _, e := range n.kids {
			if e.at("Key") == p.index {
				if p.part != "" {
					return []string{e.str(p.part)}
				}
				return []string{e.text}
			}
		}
		return nil
	}
	if id := n.at("Id"); id != "" {
		return []string{id}
	}
	if len(n.kids) > 0 {
		return textsOf(n)
	}
	return []string{n.text}
}

// textsOf are all texts below a node, such as the names and addresses of recipients.
func textsOf(n *node) []string {
	var out []string
	for _, k := range n.kids {
		if len(k.kids) > 0 {
			out = append(out, textsOf(k)...)
		} else {
			out = append(out, k.text)
		}
	}
	return out
}

// compare orders two values: instants and numbers as such, everything else without regard to case, as the store does.
func compare(a, b string) int {
	if ta, ok := parseTime(a, time.UTC); ok {
		if tb, ok := parseTime(b, time.UTC); ok {
			return ta.Compare(tb)
		}
	}
	if fa, err := strconv.ParseFloat(a, 64); err == nil {
		if fb, err := strconv.ParseFloat(b, 64); err == nil {
			switch {
			case fa < fb:
				return -1
			case fa > fb:
				return 1
			}
			return 0
		}
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

func (c *call) restrict(list []view, r *node) ([]view, error) {
	var out []view
	if err := checkRestriction(r, 0); err != nil {
		return nil, err
	}
	for _, v := range list {
		ok, err := c.holds(r, func(p path) []string { return c.operand(v, p) })
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, v)
		}
	}
	return out, nil
}

func (c *call) restrictFolders(list []*folder, r *node) ([]*folder, error) {
	var out []*folder
	for _, f := range list {
		shown := c.showFolder(f, folderShape{base: "AllProperties"})
		ok, err := c.holds(r, func(p path) []string {
			if p.kind == 'x' {
				if n := f.ext[p.ext]; n != nil {
					return []string{n.str("Value")}
				}
				return nil
			}
			if n := shown.kid(p.name); n != nil {
				return []string{n.text}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, f)
		}
	}
	return out, nil
}

// checkRestriction refuses paths that cannot be looked for, also when there is nothing to look in.
func checkRestriction(r *node, depth int) error {
	if depth > 20 {
		return fail("ErrorRestrictionTooComplex", "The restriction is too complex.")
	}
	for _, k := range r.kids {
		if strings.HasSuffix(k.local(), "FieldURI") {
			p, err := parsePath(k)
			if err != nil {
				return err
			}
			if err := searchable(p); err != nil {
				return err
			}
		} else if err := checkRestriction(k, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// holds evaluates a t:SearchExpression.
func (c *call) holds(r *node, get func(p path) []string) (bool, error) {
	switch r.local() {
	case "And", "Or":
		for _, k := range r.kids {
			ok, err := c.holds(k, get)
			if err != nil || ok == (r.local() == "Or") {
				return ok, err
			}
		}
		return r.local() == "And", nil
	case "Not":
		ok, err := c.holds(r.first(), get)
		return !ok, err
	}
	p, err := parsePath(r.first())
	if err != nil {
		return false, err
	}
	values := get(p)
	switch r.local() {
	case "Exists":
		return len(values) > 0, nil
	case "Contains":
		return slices.ContainsFunc(values, func(v string) bool { return contains(v, r) }), nil
	case "Excludes":
		mask, err := strconv.ParseInt(r.kids[1].at("Value"), 0, 64)
		if err != nil {
			return false, fail("ErrorInvalidExcludesRestriction", "The bit mask is invalid.")
		}
		n, _ := strconv.ParseInt(first(values), 10, 64)
		return n&mask == 0, nil
	}
	other := r.kid("FieldURIOrConstant").first()
	want := other.at("Value")
	if other.local() != "Constant" {
		p2, err := parsePath(other)
		if err != nil {
			return false, err
		}
		want = first(get(p2))
	}
	return slices.ContainsFunc(values, func(v string) bool { return relation(r.local(), compare(v, want)) }) ||
		(r.local() == "IsNotEqualTo" && len(values) == 0), nil
}

func relation(name string, d int) bool {
	switch name {
	case "IsEqualTo":
		return d == 0
	case "IsNotEqualTo":
		return d != 0
	case "IsGreaterThan":
		return d > 0
	case "IsGreaterThanOrEqualTo":
		return d >= 0
	case "IsLessThan":
		return d < 0
	}
	return d <= 0
}

func contains(v string, r *node) bool {
	want := r.kid("Constant").at("Value")
	if cmp := r.at("ContainmentComparison"); cmp != "Exact" && cmp != "" {
		v, want = strings.ToLower(v), strings.ToLower(want)
	}
	switch r.at("ContainmentMode") {
	case "FullString":
		return v == want
	case "Prefixed":
		return strings.HasPrefix(v, want)
	case "PrefixOnWords":
		return slices.ContainsFunc(strings.Fields(v), func(w string) bool { return strings.HasPrefix(w, want) })
	case "ExactPhrase":
		return strings.Contains(" "+v+" ", " "+want+" ")
	}
	return strings.Contains(v, want)
}
