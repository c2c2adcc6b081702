package graph

import (
	"slices"
	"strings"
	"time"

	"crmbridge/pim"
)

// contact is Graph's contact.
type contact struct {
	stamp
	DisplayName string         `json:"displayName"`
	Prefix      string         `json:"title"`
	Given       string         `json:"givenName"`
	Middle      string         `json:"middleName"`
	Surname     string         `json:"surname"`
	Suffix      string         `json:"generation"`
	Nickname    string         `json:"nickName"`
	Company     string         `json:"companyName"`
	Department  string         `json:"department"`
	JobTitle    string         `json:"jobTitle"`
	Profession  string         `json:"profession"`
	Business    []string       `json:"businessPhones"`
	Home        []string       `json:"homePhones"`
	Mobile      string         `json:"mobilePhone"`
	Emails      []emailAddress `json:"emailAddresses"`
	Page        string         `json:"businessHomePage"`
	IMs         []string       `json:"imAddresses"`
	BusinessAt  *postal        `json:"businessAddress"`
	HomeAt      *postal        `json:"homeAddress"`
	OtherAt     *postal        `json:"otherAddress"`
	Birthday    string         `json:"birthday"`
	Notes       string         `json:"personalNotes"`
	Categories  []string       `json:"categories"`
	Extended    []extended     `json:"singleValueExtendedProperties"`

	photo []byte // read apart
}

// postal is Graph's physicalAddress. All its parts are written, null where there is none: what is left out would stay.
type postal struct {
	Street     *string `json:"street"`
	City       *string `json:"city"`
	State      *string `json:"state"`
	PostalCode *string `json:"postalCode"`
	Country    *string `json:"countryOrRegion"`
}

// What Exchange has room for in a contact.
const (
	mostPhones = 2 // of a kind
	mostEmails = 3
)

func (c *connector) contactFields() fields[*contact, *pim.Contact] {
	text := func(id pim.FieldID, prop string, from func(*contact) string, at func(*pim.Contact) *string) field[*contact, *pim.Contact] {
		return field[*contact, *pim.Contact]{id: id, props: []string{prop},
			read:  func(r *contact, it *pim.Contact) { *at(it) = strings.ReplaceAll(from(r), "\r\n", "\n") },
			write: func(d *draft[*contact], it *pim.Contact) error { d.put(prop, *at(it)); return nil }}
	}
	t := fields[*contact, *pim.Contact]{
		{id: pim.FieldName, props: []string{"givenName", "middleName", "surname"}, read: readName, write: writeName},
		text(pim.FieldPrefix, "title", func(r *contact) string { return r.Prefix }, func(it *pim.Contact) *string { return &it.Prefix }),
		text(pim.FieldSuffix, "generation", func(r *contact) string { return r.Suffix }, func(it *pim.Contact) *string { return &it.Suffix }),
		text(pim.FieldFullName, "displayName", func(r *contact) string { return r.DisplayName }, func(it *pim.Contact) *string { return &it.FullName }),
		text(pim.FieldNickname, "nickName", func(r *contact) string { return r.Nickname }, func(it *pim.Contact) *string { return &it.Nickname }),
		text(pim.FieldCompany, "companyName", func(r *contact) string { return r.Company }, func(it *pim.Contact) *string { return &it.Company }),
		text(pim.FieldDepartment, "department", func(r *contact) string { return r.Department }, func(it *pim.Contact) *string { return &it.Department }),
		text(pim.FieldJobTitle, "jobTitle", func(r *contact) string { return r.JobTitle }, func(it *pim.Contact) *string { return &it.Title }),
		text(pim.FieldRole, "profession", func(r *contact) string { return r.Profession }, func(it *pim.Contact) *string { return &it.Role }),
		text(pim.FieldNotes, "personalNotes", func(r *contact) string { return r.Notes }, func(it *pim.Contact) *string { return &it.Notes }),
		{id: pim.FieldPhones, props: []string{"businessPhones", "homePhones", "mobilePhone"}, read: readPhones, write: writePhones},
		{id: pim.FieldEmails, props: []string{"emailAddresses"}, read: readEmails, write: writeEmails},
		{id: pim.FieldURLs, props: []string{"businessHomePage"}, read: readPage, write: writePage},
		{id: pim.FieldIMs, props: []string{"imAddresses"}, read: readIMs, write: writeIMs},
		{id: pim.FieldAddresses, props: []string{"businessAddress", "homeAddress", "otherAddress"}, read: readAddresses, write: writeAddresses},
		{id: pim.FieldBirthday, props: []string{"birthday"}, read: c.readBirthday, write: writeBirthday},
		{id: pim.FieldCategories, props: []string{"categories"},
			read:  func(r *contact, it *pim.Contact) { it.Categories = r.Categories },
			write: func(d *draft[*contact], it *pim.Contact) error { d.put("categories", list(it.Categories)); return nil }},
	}
	if c.photos {
		// It is written by a request of its own.
		t = append(t, field[*contact, *pim.Contact]{id: pim.FieldPhoto, lasting: true, read: func(r *contact, it *pim.Contact) { it.Photo = r.photo }})
	}
	return t
}

func readName(r *contact, it *pim.Contact) {
	it.Given, it.Middle, it.Family = r.Given, r.Middle, r.Surname
}

// writeName keeps the full name, which Exchange would make of the parts anew.
func writeName(d *draft[*contact], it *pim.Contact) error {
	d.put("givenName", it.Given)
	d.put("middleName", it.Middle)
	d.put("surname", it.Family)
	if !d.set.Has(pim.FieldFullName) {
		d.put("displayName", d.now.DisplayName)
	}
	return nil
}

func readPhones(r *contact, it *pim.Contact) {
	for _, p := range r.Business {
		it.Phones = append(it.Phones, pim.Labeled{Label: "work", Value: p})
	}
	for _, p := range r.Home {
		it.Phones = append(it.Phones, pim.Labeled{Label: "home", Value: p})
	}
	if r.Mobile != "" {
		it.Phones = append(it.Phones, pim.Labeled{Label: "cell", Value: r.Mobile})
	}
}

func writePhones(d *draft[*contact], it *pim.Contact) error {
	business, home, mobile := []string{}, []string{}, any(nil)
	for _, p := range it.Phones {
		has := func(label string) bool { return slices.Contains(strings.Split(p.Label, ","), label) }
		switch {
		case has("fax") || has("pager"):
			d.lost(pim.FieldPhones, p.Value, "Microsoft 365 shows programs no fax numbers and pagers")
		case (has("cell") || has("mobile")) && mobile == nil:
			mobile = p.Value
		case has("home") && len(home) < mostPhones:
			home = append(home, p.Value)
		case len(business) < mostPhones && !has("home"):
			business = append(business, p.Value)
		case len(home) < mostPhones:
			home = append(home, p.Value)
		default:
			d.lost(pim.FieldPhones, p.Value, "a contact in Microsoft 365 has room for five numbers")
		}
	}
	d.put("businessPhones", business)
	d.put("homePhones", home)
	d.put("mobilePhone", mobile)
	return nil
}

func readEmails(r *contact, it *pim.Contact) {
	for _, e := range r.Emails {
		if e.Address != "" {
			it.Emails = append(it.Emails, pim.Labeled{Value: e.Address})
		}
	}
}

// writeEmails keeps the names that people gave addresses. The preferred one goes first.
func writeEmails(d *draft[*contact], it *pim.Contact) error {
	names := map[string]string{}
	for _, e := range d.now.Emails {
		names[strings.ToLower(e.Address)] = e.Name
	}
	all := slices.Clone(it.Emails)
	slices.SortStableFunc(all, func(a, b pim.Labeled) int {
		switch {
		case a.Preferred == b.Preferred:
			return 0
		case a.Preferred:
			return -1
		}
		return 1
	})
	out := []emailAddress{}
	for i, e := range all {
		if i >= mostEmails {
			d.lost(pim.FieldEmails, e.Value, "a contact in Microsoft 365 has room for three e-mail addresses")
			continue
		}
		out = append(out, emailAddress{Address: e.Value, Name: names[strings.ToLower(e.Value)]})
	}
	d.put("emailAddresses", out)
	return nil
}

func readPage(r *contact, it *pim.Contact) {
	if r.Page != "" {
		it.URLs = []pim.Labeled{{Label: "work", Value: r.Page}}
	}
}

func writePage(d *draft[*contact], it *pim.Contact) error {
	i := max(0, slices.IndexFunc(it.URLs, func(u pim.Labeled) bool { return u.Label == "work" }))
	page := any(nil)
	for n, u := range it.URLs {
		if n == i {
			page = u.Value
			continue
		}
		d.lost(pim.FieldURLs, u.Value, "a contact in Microsoft 365 has one web page")
	}
	d.put("businessHomePage", page)
	return nil
}

func readIMs(r *contact, it *pim.Contact) {
	for _, v := range r.IMs {
		if v != "" {
			it.IMs = append(it.IMs, pim.Labeled{Value: v})
		}
	}
}

func writeIMs(d *draft[*contact], it *pim.Contact) error {
	out := []string{}
	for _, v := range it.IMs {
		out = append(out, v.Value)
	}
	d.put("imAddresses", out)
	return nil
}

func readAddresses(r *contact, it *pim.Contact) {
	for _, a := range []struct {
		label string
		at    *postal
	}{{"work", r.BusinessAt}, {"home", r.HomeAt}, {"other", r.OtherAt}} {
		if a.at == nil {
			continue
		}
		one := pim.Address{Street: told(a.at.Street), City: told(a.at.City), Region: told(a.at.State), PostalCode: told(a.at.PostalCode), Country: told(a.at.Country)}
		if one != (pim.Address{}) {
			one.Label = a.label
			it.Addresses = append(it.Addresses, one)
		}
	}
}

func told(s *string) string {
	if s == nil {
		return ""
	}
	return strings.ReplaceAll(*s, "\r\n", "\n")
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func postalOf(a pim.Address) postal {
	var lines []string
	for _, l := range []string{a.Street, a.Extended, a.POBox} { // one field there, several lines
		if l != "" {
			lines = append(lines, l)
		}
	}
	return postal{some(strings.Join(lines, "\n")), some(a.City), some(a.Region), some(a.PostalCode), some(a.Country)}
}

func writeAddresses(d *draft[*contact], it *pim.Contact) error {
	names := map[string]string{"work": "businessAddress", "home": "homeAddress", "other": "otherAddress"}
	places := map[string]postal{}
	for _, a := range it.Addresses {
		place := "other"
		for _, l := range strings.Split(a.Label, ",") {
			if names[l] != "" {
				place = l
			}
		}
		for _, next := range []string{"other", "work", "home"} {
			if _, taken := places[place]; taken {
				place = next
			}
		}
		if _, taken := places[place]; taken {
			d.lost(pim.FieldAddresses, a.Street, "a contact in Microsoft 365 has room for three addresses")
			continue
		}
		places[place] = postalOf(a)
	}
	for place, name := range names {
		d.put(name, places[place])
	}
	return nil
}

// noon is when Exchange lets a birthday be, so that it is the same day in most of the world.
const noon = "T11:59:00Z"

// readBirthday takes the day in UTC, or that of the user where a program wrote midnight of a zone.
func (c *connector) readBirthday(r *contact, it *pim.Contact) {
	t, err := time.Parse(time.RFC3339Nano, r.Birthday)
	if err != nil || t.Year() < 1600 { // "0001-01-01" stands for none
		return
	}
	if h, m, _ := t.UTC().Clock(); (h != 0 || m != 0) && (h != 11 || m != 59) {
		t = t.In(c.zone)
	} else {
		t = t.UTC()
	}
	it.Birthday = pim.On(t.Date())
}

func writeBirthday(d *draft[*contact], it *pim.Contact) error {
	if it.Birthday.IsZero() {
		if !d.fresh {
			d.put("birthday", nil)
		}
		return nil
	}
	d.put("birthday", it.Birthday.Time.Format(time.DateOnly)+noon)
	return nil
}
