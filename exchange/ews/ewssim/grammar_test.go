package ewssim

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"crmbridge/internal/golden"
	"crmbridge/internal/testenv"
)

// schemaFolder is where the published schemas lie; tests that need them skip without.
func schemaFolder(t *testing.T) string {
	t.Helper()
	return filepath.Dir(testenv.Shared(t, "schemas/ews/messages.xsd")[0])
}

// roots are the request elements that the simulator reads.
func roots() []string {
	list := []string{"t:ExchangeImpersonation", "t:TimeZoneContext", "t:MailboxCulture", "t:DateTimePrecision", "t:Transition",
		"t:Message", "t:CalendarItem", "t:Contact", "t:Task"}
	for name := range operations() {
		list = append(list, "m:"+name)
	}
	sort.Strings(list)
	return list
}

// opaque are types that no client can write; what is inside of them is of no interest.
func opaque() []string {
	return []string{"t:EntityExtractionResultType", "t:RightsManagementLicenseDataType", "t:ApprovalRequestDataType",
		"t:VotingInformationType", "t:ReminderMessageDataType", "t:ManagedFolderInformationType", "t:PermissionSetType",
		"t:CalendarPermissionSetType", "t:NonEmptyArrayOfPredictedActionReasonType", "t:OnlineMeetingSettingsType"}
}

// TestGrammar writes the grammar anew from the schemas and compares.
func TestGrammar(t *testing.T) {
	t.Parallel()
	dir := schemaFolder(t)
	c := compiler{types: map[string]*node{}, elements: map[string]*node{}, done: map[string]string{}, groups: map[string]*node{}}
	for _, name := range []string{"types", "messages"} {
		data, err := os.ReadFile(filepath.Join(dir, name+".xsd"))
		if err != nil {
			t.Fatal(err)
		}
		root, err := parseXML(data)
		if err != nil {
			t.Fatal(err)
		}
		c.load(root, name[:1]+":")
	}
	golden.Compare(t, "grammar.txt", c.compile(roots()))
}

// compiler boils XML Schemas down to our few words.
type compiler struct {
	types, elements, groups map[string]*node
	done                    map[string]string
	todo                    []string
}

func (c *compiler) load(root *node, prefix string) {
	for _, n := range root.kids {
		name := n.at("name")
		if name != "" {
			prefixAll(n, prefix)
		}
		switch n.name {
		case "xs:element":
			if prefix+name == "m:"+name || c.elements[prefix+name] == nil {
				c.elements[prefix+name] = n
			}
		case "xs:complexType", "xs:simpleType":
			c.types[prefix+name] = n
		case "xs:group", "xs:attributeGroup":
			c.groups[prefix+name] = n
		}
	}
}

// prefixAll gives names of local elements the prefix of their schema.
func prefixAll(n *node, prefix string) {
	for _, k := range n.kids {
		if k.name == "xs:element" {
			for i, a := range k.attr {
				if a.name == "name" {
					k.attr[i].value = prefix + a.value
				}
			}
		}
		prefixAll(k, prefix)
	}
}

func (c *compiler) compile(roots []string) string {
	var head []string
	addElement := func(name string) {
		n := c.elements[name]
		if n == nil {
			return
		}
		typ := n.at("type")
		if typ == "" {
			typ = name + "$"
			c.types[typ] = n.kids[len(n.kids)-1]
		}
		head = append(head, strings.TrimSpace("element "+name+" "+typ+" "+n.at("substitutionGroup")))
		c.want(typ)
	}
	for _, r := range roots {
		addElement(r)
	}
	var members []string
	for name, n := range c.elements {
		if n.at("substitutionGroup") != "" {
			members = append(members, name)
		}
	}
	sort.Strings(members)
	for _, name := range members {
		addElement(name)
	}
	for len(c.todo) > 0 {
		typ := c.todo[0]
		c.todo = c.todo[1:]
		c.done[typ] = c.typeText(typ)
	}
	names := make([]string, 0, len(c.done))
	for name := range c.done {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString("# The structure of EWS requests, from Exchange 2013 SP1's schemas: written by TestGrammar.\n")
	for _, h := range head {
		b.WriteString(h + "\n")
	}
	for _, name := range names {
		b.WriteString(c.done[name])
	}
	return b.String()
}

func (c *compiler) want(typ string) {
	if typ == "" || strings.HasPrefix(typ, "xs:") {
		return
	}
	if _, ok := c.done[typ]; !ok {
		c.done[typ] = ""
		c.todo = append(c.todo, typ)
	}
}

func (c *compiler) typeText(typ string) string {
	if slices.Contains(opaque(), typ) {
		return "type " + typ + "\n: *{0,}\n"
	}
	n := c.types[typ]
	if n == nil {
		panic("no type " + typ)
	}
	if n.name == "xs:simpleType" {
		return "simple " + typ + " " + c.simpleText(n) + "\n"
	}
	base, body, text := "", n, ""
	if cc := n.kid("complexContent"); cc != nil {
		body = cc.first()
		if body.name == "xs:annotation" {
			body = cc.kids[1]
		}
		if body.name == "xs:extension" {
			base = body.at("base")
			c.want(base)
		}
	}
	if sc := n.kid("simpleContent"); sc != nil {
		body = sc.kid("extension")
		if text = body.at("base"); c.types[text] != nil && c.types[text].name == "xs:complexType" {
			base, text = text, ""
			c.want(base)
		} else {
			c.want(text)
		}
	}
	out := strings.TrimSpace("type "+typ+" "+base) + "\n" + c.attrText(body, typ)
	if text != "" {
		out += "text " + text + "\n"
	}
	for _, k := range body.kids {
		switch k.name {
		case "xs:sequence", "xs:choice", "xs:all", "xs:group":
			if p := c.particleText(k, typ); p != "" {
				out += ": " + p + "\n"
			}
		}
	}
	return out
}

func (c *compiler) attrText(body *node, typ string) string {
	out := ""
	for _, k := range body.kids {
		switch k.name {
		case "xs:attribute":
			at := k.at("type")
			if st := k.kid("simpleType"); st != nil {
				at = typ + "@" + k.at("name")
				c.types[at] = st
			}
			name := k.at("name")
			if name == "" {
				continue
			}
			c.want(at)
			if k.at("use") == "required" {
				name += "!"
			}
			out += "@ " + name + " " + at + "\n"
		case "xs:anyAttribute":
			out += "@*\n"
		case "xs:attributeGroup":
			out += c.attrText(c.groups[k.at("ref")], typ)
		}
	}
	return out
}

func count(n *node) string {
	low, high := n.at("minOccurs"), n.at("maxOccurs")
	if low == "" {
		low = "1"
	}
	if high == "" {
		high = "1"
	}
	if high == "unbounded" {
		high = ""
	}
	if low == "1" && high == "1" {
		return ""
	}
	return "{" + low + "," + high + "}"
}

func (c *compiler) particleText(n *node, typ string) string {
	switch n.name {
	case "xs:element":
		if ref := n.at("ref"); ref != "" {
			return ref + count(n)
		}
		et := n.at("type")
		if et == "" && len(n.kids) > 0 {
			et = typ + "/" + strings.TrimLeft(n.at("name"), "tm:")
			c.types[et] = n.kids[len(n.kids)-1]
		}
		c.want(et)
		return n.at("name") + "=" + et + count(n)
	case "xs:any":
		return "*" + count(n)
	case "xs:group":
		if ref := n.at("ref"); ref != "" {
			inner := c.particleText(c.groups[ref].kids[len(c.groups[ref].kids)-1], typ)
			if k := count(n); k != "" {
				return "s( " + inner + " )" + k
			}
			return inner
		}
	}
	kind := map[string]string{"xs:sequence": "s", "xs:choice": "c", "xs:all": "a"}[n.name]
	var parts []string
	for _, k := range n.kids {
		if k.name != "xs:annotation" {
			parts = append(parts, c.particleText(k, typ))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("%s( %s )%s", kind, strings.Join(parts, " "), count(n))
}

func (c *compiler) simpleText(n *node) string {
	if l := n.kid("list"); l != nil {
		if st := l.kid("simpleType"); st != nil {
			return c.simpleText(st) + " list"
		}
		item := l.at("itemType")
		return c.simpleText(c.types[item]) + " list"
	}
	if u := n.kid("union"); u != nil {
		if u.at("memberTypes") != "" { // a number as such or in hexadecimal digits
			return "xs:string pattern=[0-9]{1,5}|0[xX][0-9A-Fa-f]{1,4}"
		}
		return "xs:int min=0 max=1525252321" // minutes, and a marker far above
	}
	r := n.kid("restriction")
	base := r.at("base")
	c.want(base)
	out := base
	var enum []string
	for _, k := range r.kids {
		v := k.at("value")
		switch k.name {
		case "xs:enumeration":
			enum = append(enum, v)
		case "xs:pattern":
			out += " pattern=" + v
		case "xs:minInclusive":
			out += " min=" + v
		case "xs:maxInclusive":
			out += " max=" + v
		case "xs:minLength":
			out += " minlen=" + v
		}
	}
	if len(enum) > 0 {
		out += " enum=" + strings.Join(enum, "|")
	}
	return out
}
