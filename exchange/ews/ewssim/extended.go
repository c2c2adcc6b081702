package ewssim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// readExtended reads an ExtendedProperty.
func readExtended(p *node) (string, *node, error) {
	uri := p.kid("ExtendedFieldURI")
	key, err := extKey(uri)
	if err != nil {
		return "", nil, err
	}
	typ := uri.at("PropertyType")
	elem, array := strings.CutSuffix(typ, "Array")
	if (p.kid("Values") != nil) != array {
		return "", nil, fail("ErrorInvalidExtendedPropertyValue", "The property's type and its values do not fit.")
	}
	values := []*node{p.kid("Value")}
	if array {
		values = p.kid("Values").kids
	}
	for _, v := range values {
		if err := checkMAPI(elem, v.text); err != nil {
			return "", nil, err
		}
	}
	p = bare(p)
	if typ == "SystemTime" {
		t, _ := parseTime(p.str("Value"), time.UTC)
		p.kid("Value").text = stamp(t)
	}
	return key, p, nil
}

func checkMAPI(typ, text string) error {
	builtin := map[string]string{"Integer": "xs:int", "Long": "xs:long", "Short": "xs:short", "Boolean": "xs:boolean", "Double": "xs:double",
		"Float": "xs:double", "Currency": "xs:long", "SystemTime": "xs:dateTime", "ApplicationTime": "xs:double", "Binary": "xs:base64Binary",
		"String": "xs:string", "CLSID": "xs:string"}[typ]
	if builtin == "" {
		return fail("ErrorUnsupportedMapiPropertyType", "The property type %s is not supported.", typ)
	}
	if !validBuiltin(builtin, text) {
		return fail("ErrorInvalidExtendedPropertyValue", "The specified value is invalid for property.")
	}
	return nil
}

// putExtended stores an extended property, or sets the field that it is another name for.
func (c *call) putExtended(d *draft, p *node) error {
	key, value, err := readExtended(p)
	if err != nil {
		return err
	}
	d.touched[key] = true
	field := strings.TrimPrefix(c.mirrored[key], "task:")
	name, entry, _ := strings.Cut(field, "/")
	_, fits := c.typeOf(d.class).kids["t:"+name]
	if field == "" || c.fixed[name] || name == "Start" || name == "End" || name == "CompleteName" || !fits {
		d.ext[key] = value
		return nil
	}
	d.touched[name] = true
	text := value.str("Value")
	switch {
	case strings.Contains(entry, "/"):
		key, part, _ := strings.Cut(entry, "/")
		return c.putPart(d, path{name: name, index: key, part: part}, el("t:"+part, text))
	case entry != "":
		return c.putEntry(d, name, el("t:Entry", attr{"Key", entry}, text))
	case name == "Categories":
		list := el("t:Categories")
		for _, v := range value.kid("Values").all() {
			list.kids = append(list.kids, el("t:String", v.text))
		}
		return c.put(d, list)
	case name == "PercentComplete":
		f, _ := strconv.ParseFloat(text, 64)
		text = fmt.Sprint(f * 100)
	case name == "Body":
		d.props["Body"] = el("t:Body", attr{"BodyType", "Text"}, crlf(text))
		return nil
	}
	return c.put(d, el("t:"+name, text))
}
