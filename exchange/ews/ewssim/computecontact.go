package ewssim

import (
	"strings"
)

func contactComputed(m computed) {
	m["Contact:HasPicture"] = func(_ *call, v view, _ *shape) *node {
		for _, f := range v.files() {
			if f.photo {
				return said("true")
			}
		}
		return said("false")
	}
	m["Contact:ContactSource"] = func(*call, view, *shape) *node { return said("Store") }
	m["Contact:CompleteName"] = completeName
	m["Contact:FileAs"] = func(_ *call, v view, _ *shape) *node {
		if p := v.prop("FileAs"); p != nil {
			return p
		}
		return saidIf(fileAs(v))
	}
	m["Contact:DisplayName"] = func(_ *call, v view, _ *shape) *node {
		if p := v.prop("DisplayName"); p != nil {
			return p
		}
		return saidIf(joined(" ", v.text("GivenName"), v.text("MiddleName"), v.text("Surname")))
	}
	m["Contact:EmailAddresses"] = func(_ *call, v view, _ *shape) *node {
		p := v.prop("EmailAddresses")
		if p == nil {
			return nil
		}
		out := el(p.name)
		for _, e := range p.kids {
			name := e.at("Name")
			if name == "" {
				name = e.text
			}
			out.kids = append(out.kids, el("t:Entry", attr{"Key", e.at("Key")}, attr{"Name", name}, attr{"RoutingType", "SMTP"},
				attr{"MailboxType", "Contact"}, e.text))
		}
		return out
	}
}

func joined(sep string, parts ...string) string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	return strings.Join(list, sep)
}

// fileAs is how the contact is filed, by FileAsMapping.
func fileAs(v view) string {
	given, sur, company := v.text("GivenName"), v.text("Surname"), v.text("CompanyName")
	switch v.text("FileAsMapping") {
	case "None":
		return ""
	case "FirstSpaceLast":
		return joined(" ", given, sur)
	case "Company":
		return company
	case "LastCommaFirstCompany":
		return joined("\r\n", joined(", ", sur, given), company)
	case "CompanyLastFirst", "CompanyLastCommaFirst":
		return joined("\r\n", company, joined(", ", sur, given))
	case "LastSpaceFirst":
		return joined(" ", sur, given)
	}
	if name := joined(", ", sur, joined(" ", given, v.text("MiddleName"))); name != "" {
		return name
	}
	return company
}

func completeName(_ *call, v view, _ *shape) *node {
	n := &node{}
	add := func(name, text string) {
		if text != "" {
			n.kids = append(n.kids, el("t:"+name, text))
		}
	}
	title := ""
	if e := v.extended("tag:3a45:String"); e != nil {
		title = e.str("Value")
	}
	add("Title", title)
	add("FirstName", v.text("GivenName"))
	add("MiddleName", v.text("MiddleName"))
	add("LastName", v.text("Surname"))
	add("Suffix", v.text("Generation"))
	add("Initials", v.text("Initials"))
	add("FullName", joined(" ", title, v.text("GivenName"), v.text("MiddleName"), v.text("Surname"), v.text("Generation")))
	add("Nickname", v.text("Nickname"))
	if len(n.kids) == 0 {
		return nil
	}
	return n
}
