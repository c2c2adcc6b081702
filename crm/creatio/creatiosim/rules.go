package creatiosim

import (
	"fmt"
	"strings"
)

// columns are positions that rules and visibility need often.
type columns struct {
	owner, author, title, location, start, due, duration, durationText int // Activity
	activity, participant, invite                                      int // ActivityParticipant
	email                                                              int // Contact
}

// columnsOf looks the positions up once.
func columnsOf(sc *schema) columns {
	a, p, c := sc.byName["Activity"].byName, sc.byName["ActivityParticipant"].byName, sc.byName["Contact"].byName
	return columns{
		owner: a["OwnerId"].pos, author: a["AuthorId"].pos, title: a["Title"].pos, location: a["Location"].pos,
		start: a["StartDate"].pos, due: a["DueDate"].pos, duration: a["DurationInMinutes"].pos,
		durationText: a["DurationInMnutesAndHours"].pos,
		activity:     p["ActivityId"].pos, participant: p["ParticipantId"].pos, invite: p["InviteParticipant"].pos,
		email: c["Email"].pos,
	}
}

// setDefault sets a column that was left out; one that was sent as null stays null.
func (f fields) setDefault(name string, v any) {
	if _, given := f[name]; !given && v != nil {
		f[name] = v
	}
}

// prepareInsert adds the values the product gives to columns that a new row leaves out. The category has none.
func (w *writing) prepareInsert(e *entity, v fields) {
	const minute, halfHour = 60_000, 30 * 60_000
	switch e.name {
	case "Activity":
		v.setDefault("TypeId", w.s.lookupNamed("ActivityType", "Task"))
		v.setDefault("StatusId", w.s.lookupNamed("ActivityStatus", "Not started"))
		v.setDefault("PriorityId", w.s.lookupNamed("ActivityPriority", "Medium"))
		v.setDefault("OwnerId", orNil(w.by))
		v.setDefault("AuthorId", orNil(w.by))
		v.setDefault("StartDate", w.now-w.now%minute)
		if start, ok := v["StartDate"].(stamp); ok {
			v.setDefault("DueDate", start+halfHour)
		}
	case "Contact":
		v.setDefault("OwnerId", orNil(w.by))
		v.setDefault("LanguageId", w.s.lookupNamed("SysLanguage", "English (United States)"))
		v.setDefault("Confirmed", true)
		w.fullName(nil, v)
	case "Account":
		v.setDefault("OwnerId", orNil(w.by))
	case "ActivityFile":
		v.setDefault("TypeId", w.s.lookupNamed("FileType", "File"))
		v.setDefault("Version", int64(1))
	}
}

// prepareUpdate completes the values of a change.
func (w *writing) prepareUpdate(e *entity, old *row, v fields) {
	if e.name == "Contact" {
		w.fullName(old, v)
	}
}

// derive sets the columns that the server computes.
func (w *writing) derive(e *entity, r *row) {
	switch e.name {
	case "Activity":
		at := &w.s.col
		if r.vals[at.start] == nil || r.vals[at.due] == nil {
			return
		}
		n := max(0, int64(r.date(at.due)-r.date(at.start))/60_000)
		r.vals[at.duration] = n
		r.vals[at.durationText] = fmt.Sprintf("%dh %dm", n/60, n%60)
	case "ContactCommunication":
		number := r.text(e.byName["Number"].pos)
		r.vals[e.byName["SearchNumber"].pos] = searchNumber(number)
	}
}

// searchNumber is the form the product searches by: a phone's digits backward, anything else in lower case.
func searchNumber(number string) any {
	var digits []byte
	for i := len(number) - 1; i >= 0; i-- {
		c := number[i]
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case strings.IndexByte(" +-().", c) < 0:
			return strings.ToLower(number)
		}
	}
	if len(digits) == 0 {
		return nil
	}
	return string(digits)
}

// follow runs what the product does once a row is changed; old is nil for a new row.
func (w *writing) follow(e *entity, old, r *row) error {
	switch e.name {
	case "Activity":
		if old == nil || old.ref(w.s.col.owner) != r.ref(w.s.col.owner) {
			if err := w.ownerTakesPart(r); err != nil {
				return err
			}
		}
		if old != nil && w.movedOrRenamed(old, r) {
			w.mailInvited(r, "update")
		}
	case "ActivityParticipant":
		pos := w.s.col.invite
		if r.bool(pos) && (old == nil || !old.bool(pos)) {
			w.mailParticipant(r, "invitation")
		}
	case "Contact":
		return w.mirrorContact(old, r)
	case "ContactCommunication":
		return w.mirrorCommunication(old, r)
	case "ContactAddress":
		return w.mirrorAddress(r)
	}
	return nil
}

// ownerTakesPart inserts the owner as participant. The activity's ModifiedOn does not move for that.
func (w *writing) ownerTakesPart(r *row) error {
	owner := r.ref(w.s.col.owner)
	if owner == (guid{}) {
		return nil
	}
	parts := w.tx.table("ActivityParticipant")
	for _, p := range parts.sharing(parts.ent.byName["ActivityId"], r.id) {
		if p.ref(w.s.col.participant) == owner {
			return nil
		}
	}
	_, err := w.insert(parts.ent, fields{"ActivityId": r.id, "ParticipantId": owner,
		"RoleId": w.s.lookupNamed("ActivityParticipantRole", "Responsible")})
	return err
}

// movedOrRenamed says whether participants would want to hear of a change.
func (w *writing) movedOrRenamed(old, r *row) bool {
	for _, pos := range []int{w.s.col.title, w.s.col.location, w.s.col.start, w.s.col.due} {
		if old.vals[pos] != r.vals[pos] {
			return true
		}
	}
	return false
}

// mailInvited sends to every participant with an invitation.
func (w *writing) mailInvited(activity *row, kind string) {
	parts := w.tx.table("ActivityParticipant")
	for _, p := range parts.sharing(parts.ent.byName["ActivityId"], activity.id) {
		if p.bool(w.s.col.invite) {
			w.mailParticipant(p, kind)
		}
	}
}

// mailParticipant sends to one participant, if there is an address. The mail leaves when the write has committed.
func (w *writing) mailParticipant(p *row, kind string) {
	contact := w.tx.table("Contact").byID[p.ref(w.s.col.participant)]
	if contact == nil || contact.text(w.s.col.email) == "" {
		return
	}
	w.mails = append(w.mails, Mail{At: w.now.time(), Kind: kind, To: contact.text(w.s.col.email),
		Activity: p.ref(w.s.col.activity).String()})
}

// beforeRemove runs while the row and what hangs on it are still there.
func (w *writing) beforeRemove(e *entity, r *row) error {
	if e.name == "Activity" {
		w.mailInvited(r, "cancellation")
	}
	return nil
}

// afterRemove runs when they are gone.
func (w *writing) afterRemove(e *entity, r *row) error {
	switch e.name {
	case "ContactCommunication":
		return w.communicationGone(r)
	case "ContactAddress":
		return w.addressGone(r)
	}
	return nil
}

// NoOverlap is a rule that some sites have: one owner's scheduled activities may not overlap.
func NoOverlap() Rule {
	return Rule{Name: "no-overlap", Entity: "Activity", Check: func(r Record, sharing func(column, id string) []Record) string {
		if !r.Bool("ShowInScheduler") {
			return ""
		}
		for _, o := range sharing("OwnerId", r.Ref("OwnerId")) {
			if o.Bool("ShowInScheduler") && o.Time("StartDate").Before(r.Time("DueDate")) &&
				r.Time("StartDate").Before(o.Time("DueDate")) {
				return fmt.Sprintf("The employee already has a meeting at this time: %q. Choose another time.", o.Text("Title"))
			}
		}
		return ""
	}}
}
