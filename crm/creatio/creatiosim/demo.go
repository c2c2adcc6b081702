package creatiosim

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Demo is sample data for the user owner: companies, contacts and some weeks of activities around now, in eight
// languages. It depends on its arguments alone. The people are invented; their addresses are at example.org, their phone
// numbers from ranges set aside for fiction.
func Demo(now time.Time, owner User) Seed {
	d := &demo{today: now.UTC().Truncate(24 * time.Hour), now: now.UTC(), owner: owner.contactID().String()}
	for i, f := range demoLines(demoCompanies) {
		d.company(i, f)
	}
	for i, f := range demoLines(demoPeople) {
		d.person(i, f)
	}
	for i, f := range demoLines(demoActivities) {
		d.activity(i, f)
	}
	return d.seed
}

// demo collects the rows; today is midnight UTC, from which activities count their days.
type demo struct {
	today, now time.Time
	owner      string
	seed       Seed
}

// demoLines splits a table of the demo files into trimmed cells.
func demoLines(table string) [][]string {
	var out [][]string
	for line := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		out = append(out, cells)
	}
	return out
}

// demoID is the same for every run and every day, so that a kept folder and a fresh one agree.
func demoID(what string, n int) string { return namedID(fmt.Sprintf("demo %s %d", what, n)).String() }

// add appends a row. Rows look as if they had been made over the last weeks, one an hour.
func (d *demo) add(entity string, f Fields) {
	at := d.now.Add(-30 * 24 * time.Hour).Add(time.Duration(len(d.seed.Rows)) * 37 * time.Minute)
	if at.After(d.now) {
		at = d.now
	}
	f["CreatedOn"], f["ModifiedOn"] = at, at
	d.seed.Rows = append(d.seed.Rows, SeedRow{entity, f})
}

// company adds an account with its address.
func (d *demo) company(i int, c []string) {
	d.add("Account", Fields{"Id": demoID("company", i+1), "Name": c[0], "Type": c[1], "Country": c[2], "City": c[3],
		"Address": c[4], "Zip": c[5], "AddressType": "Business", "OwnerId": d.owner, "Phone": demoPhone(200 + i),
		"Web": fmt.Sprintf("https://company%d.example.org", i+1)})
}

// demoPhone is a number of the range that Ofcom keeps free for drama.
func demoPhone(n int) string { return fmt.Sprintf("+44 1632 960%03d", n%1000) }

// person adds a contact with what its flags ask for. The parts of the name are given next to the full name, because the
// server could only guess where to split 欧阳测试 or da Amostra.
func (d *demo) person(i int, p []string) {
	given, middle, surname, box, flags := p[0], p[1], p[2], p[3], p[7]
	id := demoID("person", i+1)
	has := func(flag string) bool { return strings.Contains(flags, flag) }
	name := strings.Join(strings.Fields(given+" "+middle+" "+surname), " ")
	f := Fields{"Id": id, "Name": name, "GivenName": given, "MiddleName": middle, "Surname": surname, "JobTitle": p[5],
		"Type": p[6], "OwnerId": d.owner, "MobilePhone": demoPhone(i)}
	company, err := strconv.Atoi(p[4])
	if err == nil && company > 0 {
		f["AccountId"], f["Phone"] = demoID("company", company), demoPhone(200+company-1)
	}
	if !has("-") {
		f["Email"] = box + "@example.org"
	}
	if has("b") {
		f["BirthDate"] = time.Date(1955+i*7%45, time.Month(1+i%12), 1+i*5%28, 0, 0, 0, 0, time.UTC)
	}
	if has("h") {
		f["HomePhone"] = demoPhone(400 + i)
	}
	if has("s") {
		f["Skype"] = "live:" + box
	}
	if has("n") {
		f["Notes"] = "Met at the fair.\nPrefers e-mail; never call before ten."
	}
	if has("p") {
		photo := demoID("photo", i+1)
		d.add("SysImage", Fields{"Id": photo, "Name": box + ".png", "MimeType": "image/png", "Data": demoPhoto()})
		f["PhotoId"] = photo
	}
	d.add("Contact", f)
	if has("m") {
		d.add("ContactCommunication", Fields{"Id": demoID("second mail", i+1), "ContactId": id, "CommunicationType": "Email",
			"Number": box + "@home.example.org"})
		d.add("ContactCommunication", Fields{"Id": demoID("web", i+1), "ContactId": id, "CommunicationType": "Web",
			"Number": "https://" + strings.ReplaceAll(box, ".", "-") + ".example.org"})
	}
	if has("a") {
		place := [][2]string{{"London", "United Kingdom"}, {"Helsinki", "Finland"}, {"Stockholm", "Sweden"}, {"Porto", "Portugal"},
			{"Athens", "Greece"}}[i%5]
		d.add("ContactAddress", Fields{"Id": demoID("address", i+1), "ContactId": id, "AddressType": "Home", "Primary": true,
			"Address": fmt.Sprintf("%d Imaginary Lane", i+1), "Zip": fmt.Sprintf("ZZ%d", 100+i),
			"City": place[0], "Country": place[1]})
	}
}

// demoPhoto is a one-pixel PNG.
func demoPhoto() []byte {
	b, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err != nil {
		return nil
	}
	return b
}

// activity adds an activity and its participants; the owner becomes one on his own.
func (d *demo) activity(i int, a []string) {
	flags := a[6]
	has := func(flag string) bool { return strings.Contains(flags, flag) }
	start := d.today.Add(demoOffset(a[0], a[1]))
	minutes, err := strconv.Atoi(a[2])
	if err != nil {
		minutes = 30
	}
	id := demoID("activity", i+1)
	f := Fields{"Id": id, "Title": a[8], "StartDate": start, "DueDate": start.Add(time.Duration(minutes) * time.Minute),
		"ActivityCategory": a[3], "Status": a[4], "Priority": a[5], "Location": a[9],
		"Notes": strings.ReplaceAll(a[10], `\n`, "\n"), "OwnerId": d.owner, "AuthorId": d.owner, "ShowInScheduler": has("s")}
	people := strings.Fields(a[7])
	f["Type"] = map[string]string{"Call": "Call", "Email": "Email", "Site inspection": "Visit"}[a[3]]
	if f["Type"] == "" {
		f["Type"] = "Task"
	}
	if has("L") {
		f["Notes"] = strings.Repeat("A long paragraph, as people paste them from reports: figures, quotes, links. ", 120)
	}
	if has("r") {
		f["RemindToOwner"], f["RemindToOwnerDate"] = true, start.Add(-15*time.Minute)
	}
	if has("x") {
		f["Sender"], f["Recepient"], f["Body"] = "crm@example.org", "someone@example.org", "<p>Hello</p>"
		f["IsHtmlBody"], f["SendDate"] = true, start
	}
	if len(people) > 0 {
		f["ContactId"] = demoPerson(people[0])
	}
	if has("w") {
		f["AuthorId"] = demoPerson(people[0])
	}
	if company := demoCompanyOf(people); has("c") && company != "" {
		f["AccountId"] = company
	}
	if f["Status"] == "Completed" && f["Type"] == "Task" {
		f["DetailedResult"] = "Done as agreed."
	}
	d.add("Activity", f)
	for _, n := range people {
		if has("x") {
			break
		}
		d.add("ActivityParticipant", Fields{"Id": namedID("demo participant " + id + n).String(), "ActivityId": id,
			"ParticipantId": demoPerson(n), "Role": "Participant", "InviteParticipant": has("i")})
	}
}

// demoOffset is the time between midnight today and a day and a clock time.
func demoOffset(day, clock string) time.Duration {
	n, err := strconv.Atoi(day)
	t, err2 := time.Parse("15:04", clock)
	if err != nil || err2 != nil {
		return 0
	}
	return time.Duration(n)*24*time.Hour + time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

// demoPerson is the id of the person with this number in demoPeople.
func demoPerson(number string) string {
	n, err := strconv.Atoi(number)
	if err != nil {
		return ""
	}
	return demoID("person", n)
}

// demoCompanyOf is the company of the first of people, "" if there is none.
func demoCompanyOf(people []string) string {
	if len(people) == 0 {
		return ""
	}
	n, err := strconv.Atoi(people[0])
	all := demoLines(demoPeople)
	if err != nil || n > len(all) {
		return ""
	}
	company, err := strconv.Atoi(all[n-1][4])
	if err != nil || company == 0 {
		return ""
	}
	return demoID("company", company)
}
