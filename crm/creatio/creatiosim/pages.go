package creatiosim

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

//go:embed pages.html
var pagesFile embed.FS

// maxShown is how many rows of each kind the page lists.
const maxShown = 300

// formDate is how <input type="datetime-local"> writes; the page means UTC.
const formDate = "2006-01-02T15:04"

// parsePages reads the templates; they escape what is shown, sample data being what people typed.
func parsePages() (*template.Template, error) { return template.ParseFS(pagesFile, "pages.html") }

// page renders a template completely before anything is sent.
func (s *Sim) page(status int, name string, data any) answer {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, data); err != nil {
		s.opt.Log.Error("page", "error", err)
		return htmlPage(http.StatusInternalServerError, "Runtime Error")
	}
	return answer{status: status, typ: typHTML, body: b.Bytes()}
}

// loginForm is the login page, which clients of the API also meet when their session is gone.
func (s *Sim) loginForm(status int, message, returnURL string) answer {
	return s.page(status, "login", map[string]string{"Message": message, "ReturnURL": returnURL})
}

// serveLoginPage shows the form and takes it. The return address comes from the query and is followed on this host only.
func (s *Sim) serveLoginPage(in *incoming) answer {
	back := in.URL.Query().Get("ReturnUrl")
	if in.Method != http.MethodPost {
		return s.loginForm(http.StatusOK, "", back)
	}
	form, err := url.ParseQuery(string(in.body))
	if err != nil {
		return htmlPage(http.StatusBadRequest, "Bad Request")
	}
	result, cookies := s.logIn(form.Get("UserName"), form.Get("UserPassword"))
	if back = form.Get("ReturnUrl"); !localPath(back) {
		back = shellPage
	}
	if result.Code != 0 {
		return s.loginForm(http.StatusOK, result.Message, back)
	}
	return answer{status: http.StatusSeeOther, header: map[string]string{"Location": back}, cookies: cookies}
}

// localPath says whether a return address stays on this host.
func localPath(p string) bool {
	return strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "//") && !strings.Contains(p, `\`)
}

// serveShell is a plain stand-in for the product's web pages, so that "open in CRM" leads somewhere and a person can
// change a record.
func (s *Sim) serveShell(in *incoming) answer {
	ss, ok := s.session(in)
	if !ok {
		return answer{status: http.StatusFound, header: map[string]string{
			"Location": loginPage + "?ReturnUrl=" + url.QueryEscape(in.URL.RequestURI())}}
	}
	if in.Method == http.MethodPost {
		return s.submitCard(in, ss)
	}
	q := in.URL.Query()
	if name := q.Get("entity"); name != "" {
		return s.card(ss, name, q.Get("id"), "")
	}
	return s.listPage(ss)
}

// pageRow is a line of a table on the page.
type pageRow struct{ ID, Start, Title, Category, Status, Owner, Email, Mobile string }

// listPage lists the activities around today and the contacts.
func (s *Sim) listPage(ss session) answer {
	now := s.opt.Now()
	acts := slices.DeleteFunc(s.seen(ss, "Activity"), func(r Record) bool {
		t := r.Time("StartDate")
		return t.Before(now.AddDate(0, 0, -21)) || t.After(now.AddDate(0, 0, 60))
	})
	slices.SortFunc(acts, func(a, b Record) int { return a.Time("StartDate").Compare(b.Time("StartDate")) })
	contacts := s.seen(ss, "Contact")
	slices.SortFunc(contacts, func(a, b Record) int { return strings.Compare(a.Text("Name"), b.Text("Name")) })
	data := map[string]any{"User": ss.who.Login, "Page": shellPage}
	if len(acts) > maxShown || len(contacts) > maxShown {
		data["More"] = "Only the first records are listed."
	}
	data["Activities"] = mapRows(acts, func(r Record) pageRow {
		return pageRow{ID: r.ID, Start: r.Time("StartDate").Format("Mon 2006-01-02 15:04"), Title: r.Text("Title"),
			Category: s.titleOf("ActivityCategory", r.Ref("ActivityCategoryId")),
			Status:   s.titleOf("ActivityStatus", r.Ref("StatusId")), Owner: s.titleOf("Contact", r.Ref("OwnerId"))}
	})
	data["Contacts"] = mapRows(contacts, func(r Record) pageRow {
		return pageRow{ID: r.ID, Title: r.Text("Name"), Owner: s.titleOf("Account", r.Ref("AccountId")), Email: r.Text("Email"),
			Mobile: r.Text("MobilePhone")}
	})
	return s.page(http.StatusOK, "list", data)
}

// mapRows turns records into lines, as many as the page shows.
func mapRows(rs []Record, f func(Record) pageRow) []pageRow {
	out := []pageRow{}
	for _, r := range rs[:min(len(rs), maxShown)] {
		out = append(out, f(r))
	}
	return out
}

// seen are the rows that the session's user may see.
func (s *Sim) seen(ss session, entity string) []Record {
	e := s.mustEntity(entity)
	return s.where(entity, func(r *row) bool { return s.visible(ss.who, e, r) })
}

// titleOf is what people see of the row with this id.
func (s *Sim) titleOf(entity, id string) string {
	r, ok := s.Record(entity, id)
	if !ok {
		return ""
	}
	return r.Text(r.ent.title)
}

// input is a field of the form; with Choices it is a list to choose from.
type input struct {
	Name, Label, Type, Value string
	Choices                  []choice
}

// choice is a lookup value on offer.
type choice struct {
	ID, Title string
	Chosen    bool
}

// cardColumns are the columns the page lets people change.
func cardColumns(entity string) []string {
	return map[string][]string{
		"Activity": {"Title", "StartDate", "DueDate", "ActivityCategoryId", "StatusId", "PriorityId", "ShowInScheduler", "Location",
			"Notes"},
		"Contact": {"Name", "AccountId", "JobTitle", "Email", "Phone", "MobilePhone", "BirthDate", "Notes"},
		"Account": {"Name", "Phone", "Web", "Notes"},
	}[entity]
}

// card shows one record's form, or an empty one without an id.
func (s *Sim) card(ss session, entity, id, message string) answer {
	cols := cardColumns(entity)
	rec, found := Record{}, false
	if cols != nil && id != "" {
		rec, found = s.Record(entity, id)
		found = found && s.sees(ss, rec)
	}
	if cols == nil || id != "" && !found {
		return htmlPage(http.StatusNotFound, "There is no such record, or you may not see it.")
	}
	title := "New " + strings.ToLower(entity)
	if found {
		title = rec.Text(rec.ent.title)
	}
	data := map[string]any{"User": ss.who.Login, "Page": shellPage, "CSRF": ss.csrf, "Entity": entity, "ID": rec.ID,
		"Title": title, "Message": message, "Inputs": s.inputs(entity, rec, cols)}
	if entity == "Activity" && found {
		data["Participants"] = mapRows(s.Participants(id), func(r Record) pageRow {
			return pageRow{Title: s.titleOf("Contact", r.Ref("ParticipantId")),
				Category: s.titleOf("ActivityParticipantRole", r.Ref("RoleId")),
				Status:   s.titleOf("ParticipantResponse", r.Ref("InviteResponseId"))}
		})
	}
	return s.page(http.StatusOK, "card", data)
}

// sees says whether the session's user may see a record.
func (s *Sim) sees(ss session, r Record) (ok bool) {
	s.db.view(func() { ok = s.visible(ss.who, r.ent, r.row) })
	return ok
}

// inputs are the form's fields with the record's values.
func (s *Sim) inputs(entity string, rec Record, cols []string) []input {
	e := s.mustEntity(entity)
	var out []input
	for _, name := range cols {
		c := e.byName[name]
		in := input{Name: name, Label: name, Type: "text"}
		switch {
		case c.ref != "":
			in.Label = c.nav
			for _, o := range s.Records(c.ref) {
				in.Choices = append(in.Choices, choice{o.ID, o.Text(o.ent.title), o.ID == rec.Ref(name)})
			}
		case c.kind == kindDate || c.kind == kindDay:
			in.Label, in.Type = name+" (UTC)", "datetime-local"
			if t := rec.Time(name); !t.IsZero() {
				in.Value = t.Format(formDate)
			}
		case c.kind == kindBool:
			in.Type = "checkbox"
			if rec.Bool(name) {
				in.Value = "true"
			}
		default:
			if c.max == 0 {
				in.Type = "textarea"
			}
			in.Value = rec.Text(name)
		}
		out = append(out, in)
	}
	return out
}

// submitCard takes a form. The session's CSRF token stands in it, cookies alone not being proof of intent.
func (s *Sim) submitCard(in *incoming, ss session) answer {
	form, err := url.ParseQuery(string(in.body))
	if err != nil || form.Get("csrf") != ss.csrf {
		return htmlPage(http.StatusForbidden, "403 - Forbidden: Access is denied.")
	}
	entity, id := form.Get("entity"), form.Get("id")
	if cardColumns(entity) == nil {
		return htmlPage(http.StatusNotFound, "There is no such record.")
	}
	err = s.applyCard(ss, entity, id, form)
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return s.card(ss, entity, id, refused.text)
	case err != nil:
		return s.card(ss, entity, id, err.Error())
	}
	return answer{status: http.StatusSeeOther, header: map[string]string{"Location": shellPage}}
}

// applyCard makes the change as the session's user.
func (s *Sim) applyCard(ss session, entity, id string, form url.Values) error {
	e := s.mustEntity(entity)
	f := Fields{}
	for _, name := range cardColumns(entity) {
		values := form[name]
		if len(values) == 0 {
			continue
		}
		v := values[len(values)-1] // a checkbox sends false and, when ticked, true
		switch k := e.byName[name].kind; {
		case k == kindBool:
			f[name] = v == "true"
		case k == kindDate || k == kindDay:
			t, err := time.Parse(formDate, v)
			if err != nil && v != "" {
				return err
			}
			f[name] = t
		default:
			f[name] = strings.ReplaceAll(v, "\r\n", "\n")
		}
	}
	_, err := s.write(ss.who.contact, func(w *writing) error {
		if id == "" {
			_, err := w.plant(e, f)
			return err
		}
		g, _ := parseGUID(id)
		old := w.tx.table(entity).byID[g]
		if old == nil || !s.visible(ss.who, e, old) {
			return notFound()
		}
		if form.Get("op") == "delete" {
			return w.remove(e, old)
		}
		values, _, err := s.convert(e, f)
		if err == nil {
			_, err = w.update(e, old, values)
		}
		return err
	})
	return err
}
