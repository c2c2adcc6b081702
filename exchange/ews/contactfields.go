package ews

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
	"crmbridge/remote"
)

// MAPI properties of contacts that EWS has no element for (MS-OXPROPS).
var (
	prefixTag   = extended{tag: "0x3A45", typ: "String"} // PidTagDisplayNamePrefix
	genderTag   = extended{tag: "0x3A4D", typ: "Short"}  // PidTagGender
	homePageTag = extended{tag: "0x3A50", typ: "String"} // PidTagPersonalHomePage
)

// contactTable is the fields of contacts.
var contactTable = slices.Concat(table{
	oneText(pim.FieldFullName, "contacts:DisplayName", "t:DisplayName", func(x *item) *string { return &x.DisplayName }, func(it pim.Item) *string { return &it.(*pim.Contact).FullName }),
	{
		fields: pim.Set(pim.FieldName), asks: []path{uri("contacts:GivenName"), uri("contacts:MiddleName"), uri("contacts:Surname")},
		read: func(x *item, it pim.Item, _ *zones) {
			c := it.(*pim.Contact)
			c.Given, c.Middle, c.Family = x.GivenName, x.MiddleName, x.Surname
		},
		write: func(w *writing) {
			c := w.contact()
			w.text(uri("contacts:GivenName"), "t:GivenName", cut(c.Given))
			w.text(uri("contacts:MiddleName"), "t:MiddleName", cut(c.Middle))
			w.text(uri("contacts:Surname"), "t:Surname", cut(c.Family))
		},
	},
	oneExtended(pim.FieldPrefix, prefixTag, func(c *pim.Contact) *string { return &c.Prefix }),
	contactText(pim.FieldSuffix, "Generation", func(x *item) *string { return &x.Generation }, func(c *pim.Contact) *string { return &c.Suffix }),
	contactText(pim.FieldNickname, "Nickname", func(x *item) *string { return &x.Nickname }, func(c *pim.Contact) *string { return &c.Nickname }),
	contactText(pim.FieldCompany, "CompanyName", func(x *item) *string { return &x.Company }, func(c *pim.Contact) *string { return &c.Company }),
	contactText(pim.FieldDepartment, "Department", func(x *item) *string { return &x.Department }, func(c *pim.Contact) *string { return &c.Department }),
	contactText(pim.FieldJobTitle, "JobTitle", func(x *item) *string { return &x.JobTitle }, func(c *pim.Contact) *string { return &c.Title }),
	contactText(pim.FieldRole, "Profession", func(x *item) *string { return &x.Profession }, func(c *pim.Contact) *string { return &c.Role }),
	{fields: pim.Set(pim.FieldPhones), asks: indexed("contacts:PhoneNumber", phoneKeys), read: readPhones, write: writePhones},
	{fields: pim.Set(pim.FieldEmails), asks: indexed("contacts:EmailAddress", emailKeys), read: readEmails, write: writeEmails},
	{fields: pim.Set(pim.FieldIMs), asks: indexed("contacts:ImAddress", imKeys), read: readIMs, write: writeIMs},
	{fields: pim.Set(pim.FieldURLs), asks: []path{uri("contacts:BusinessHomePage"), {ext: homePageTag}}, read: readPages, write: writePages},
	{fields: pim.Set(pim.FieldAddresses), asks: addressPaths(), read: readAddresses, write: writeAddresses},
	contactDay(pim.FieldBirthday, "Birthday", func(x *item) val { return x.Birthday }, func(c *pim.Contact) *pim.When { return &c.Birthday }),
	contactDay(pim.FieldAnniversary, "WeddingAnniversary", func(x *item) val { return x.Wedding }, func(c *pim.Contact) *pim.When { return &c.Anniversary }),
	bodyRow(func(it pim.Item) *string { return &it.(*pim.Contact).Notes }),
	categoriesRow(func(it pim.Item) *[]string { return &it.(*pim.Contact).Categories }),
	{
		fields: pim.Set(pim.FieldGender), asks: []path{{ext: genderTag}},
		read: func(x *item, it pim.Item, _ *zones) { it.(*pim.Contact).Gender = genders[x.extended(genderTag)] },
		write: func(w *writing) {
			number := ""
			for n, g := range genders {
				if g == w.contact().Gender && g != "" {
					number = n
				}
			}
			w.extended(genderTag, number)
		},
	},
	{
		// The photo is an attachment: photo.go.
		fields: pim.Set(pim.FieldPhoto), asks: []path{uri("item:Attachments")},
		read: func(x *item, it pim.Item, _ *zones) { it.(*pim.Contact).Photo = x.photo() },
	},
})

// genders are those of PidTagGender (MS-OXOCNTC 2.2.1.10.20); Exchange knows no others.
var genders = map[string]string{"1": "F", "2": "M"}

func contactText(f pim.FieldID, name string, in func(*item) *string, at func(*pim.Contact) *string) row {
	return oneText(f, "contacts:"+name, "t:"+name, in, func(it pim.Item) *string { return at(it.(*pim.Contact)) })
}

func oneExtended(f pim.FieldID, p extended, at func(*pim.Contact) *string) row {
	return row{
		fields: pim.Set(f), asks: []path{{ext: p}},
		read:  func(x *item, it pim.Item, _ *zones) { *at(it.(*pim.Contact)) = x.extended(p) },
		write: func(w *writing) { w.extended(p, cut(*at(w.contact()))) },
	}
}

// contactDay is a day of every year. It is written as 11:59 in UTC, which is the same day in nearly all zones, as Outlook writes
// it (MS-OXOCNTC 2.2.1.5.1); what other programs wrote as their midnight is read as the nearest day.
func contactDay(f pim.FieldID, name string, in func(*item) val, at func(*pim.Contact) *pim.When) row {
	p := uri("contacts:" + name)
	return row{
		fields: pim.Set(f), asks: []path{p},
		read: func(x *item, it pim.Item, _ *zones) { *at(it.(*pim.Contact)) = nearestDay(in(x).time()) },
		write: func(w *writing) {
			day := w.zones.date(*at(w.contact()))
			if day.IsZero() {
				w.clear(p)
				return
			}
			w.set(p, leaf("t:"+name, stamp(day.Time.Add(11*time.Hour+59*time.Minute))))
		},
	}
}

func indexed(uri string, keys []string) []path {
	var out []path
	for _, k := range keys {
		out = append(out, path{uri: uri, index: k})
	}
	return out
}

// entries writes a dictionary: each key with its value, or taken away.
func (w *writing) entries(uri, parent string, keys []string, values map[string]string) {
	for _, k := range keys {
		p := path{uri: uri, index: k}
		if values[k] == "" {
			w.clear(p)
			continue
		}
		w.set(p, node(parent, leaf("t:Entry", values[k], "Key", k)))
	}
}

// preferredFirst puts first choices before the others, which otherwise stay in their order.
func preferredFirst(in []pim.Labeled) []pim.Labeled {
	out := slices.Clone(in)
	slices.SortStableFunc(out, func(a, b pim.Labeled) int {
		switch {
		case a.Preferred == b.Preferred:
			return 0
		case a.Preferred:
			return -1
		}
		return 1
	})
	return out
}

var (
	emailKeys = []string{"EmailAddress1", "EmailAddress2", "EmailAddress3"}
	imKeys    = []string{"ImAddress1", "ImAddress2", "ImAddress3"}
)

// numbered gives values the keys one after the other.
func (w *writing) numbered(f pim.FieldID, keys []string, values []string) map[string]string {
	out := map[string]string{}
	for i, v := range values {
		if i < len(keys) {
			out[keys[i]] = v
			continue
		}
		w.left(f, v)
	}
	return out
}

// left notes a value that Exchange has no place for.
func (w *writing) left(f pim.FieldID, value string) {
	w.notes = append(w.notes, remote.Note{Field: f, Wanted: value, Says: value + " was left out: Exchange has no further place for it"})
}

// inKeyOrder are the values of entries in the order of keys.
func inKeyOrder(keys []string, all []entry) []entry {
	var out []entry
	for _, k := range keys {
		for _, e := range all {
			if e.Key == k && strings.TrimSpace(e.Value) != "" {
				out = append(out, e)
			}
		}
	}
	return out
}

// readEmails has no labels: Exchange numbers addresses.
func readEmails(x *item, it pim.Item, _ *zones) {
	for _, e := range inKeyOrder(emailKeys, x.Emails) {
		it.(*pim.Contact).Emails = append(it.(*pim.Contact).Emails, pim.Labeled{Value: e.Value})
	}
}

func writeEmails(w *writing) {
	var values []string
	for _, l := range preferredFirst(w.contact().Emails) {
		values = append(values, l.Value)
	}
	w.entries("contacts:EmailAddress", "t:EmailAddresses", emailKeys, w.numbered(pim.FieldEmails, emailKeys, values))
}

// messengers are the services that stand before an address as the scheme of a URI does: Exchange has no other place for them.
var messengers = []string{"aim", "facebook", "gadugadu", "gtalk", "icq", "jabber", "matrix", "msn", "qq", "sip", "skype", "telegram", "twitter", "xmpp", "yahoo"}

func readIMs(x *item, it pim.Item, _ *zones) {
	for _, e := range inKeyOrder(imKeys, x.IMs) {
		l := pim.Labeled{Value: strings.TrimSpace(e.Value)}
		if service, rest, ok := strings.Cut(l.Value, ":"); ok && slices.Contains(messengers, strings.ToLower(service)) {
			l.Label, l.Value = strings.ToLower(service), rest
		}
		it.(*pim.Contact).IMs = append(it.(*pim.Contact).IMs, l)
	}
}

func writeIMs(w *writing) {
	var values []string
	for _, l := range preferredFirst(w.contact().IMs) {
		v := l.Value
		if slices.Contains(messengers, l.Label) {
			v = l.Label + ":" + v
		}
		values = append(values, v)
	}
	w.entries("contacts:ImAddress", "t:ImAddresses", imKeys, w.numbered(pim.FieldIMs, imKeys, values))
}

func readPages(x *item, it pim.Item, _ *zones) {
	c := it.(*pim.Contact)
	if v := strings.TrimSpace(x.HomePage); v != "" {
		c.URLs = append(c.URLs, pim.Labeled{Label: "work", Value: v})
	}
	if v := strings.TrimSpace(x.extended(homePageTag)); v != "" {
		c.URLs = append(c.URLs, pim.Labeled{Label: "home", Value: v})
	}
}

// writePages has room for one page of the work and one of the person.
func writePages(w *writing) {
	var work, home string
	for _, l := range preferredFirst(w.contact().URLs) {
		private := l.Label == "home"
		switch {
		case (!private || home != "") && work == "" && isURI(l.Value):
			work = l.Value
		case home == "":
			home = l.Value
		default:
			w.left(pim.FieldURLs, l.Value)
		}
	}
	w.text(uri("contacts:BusinessHomePage"), "t:BusinessHomePage", work)
	w.extended(homePageTag, home)
}

// isURI reports what xs:anyURI takes; the rest fits into a property without that type.
func isURI(s string) bool {
	_, err := url.Parse(s)
	return err == nil
}
