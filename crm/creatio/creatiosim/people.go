package creatiosim

import (
	"fmt"
	"strings"
)

// The methods in this file look at and change the data behind the API's back, as a person in the CRM's web page would:
// with all that the product does on its own, and a new ModifiedOn. They see every row. An unknown entity or column is an
// error, for the methods without one a panic, because the caller is a test that is wrong.

// entity finds an entity by name.
func (s *Sim) entity(name string) (*entity, error) {
	if e := s.db.schema.byName[name]; e != nil {
		return e, nil
	}
	return nil, fmt.Errorf("creatiosim: no entity %q", name)
}

// mustEntity is entity for methods that return no error.
func (s *Sim) mustEntity(name string) *entity {
	e, err := s.entity(name)
	if err != nil {
		panic(err) // a fault in the calling test
	}
	return e
}

// person is the contact on whose behalf Add and Edit work: the first user's.
func (s *Sim) person() guid {
	if len(s.opt.Users) == 0 {
		return guid{}
	}
	return s.opt.Users[0].contactID()
}

// Add creates a row and returns its id.
func (s *Sim) Add(entity string, f Fields) (id string, err error) {
	e, err := s.entity(entity)
	if err != nil {
		return "", err
	}
	_, err = s.write(s.person(), func(w *writing) error {
		r, err := w.plant(e, f)
		if err == nil {
			id = r.id.String()
		}
		return err
	})
	return id, err
}

// plant inserts a row; CreatedOn and ModifiedOn among its fields are taken as they are.
func (w *writing) plant(e *entity, f Fields) (*row, error) {
	values, stamps, err := w.s.convert(e, f)
	if err != nil {
		return nil, err
	}
	r, err := w.insert(e, values)
	if err != nil || len(stamps) == 0 {
		return r, err
	}
	r = copyRow(r)
	for name, v := range stamps {
		if v != nil {
			r.vals[e.byName[name].pos] = v
		}
	}
	w.tx.put(e, r)
	return r, nil
}

// Edit changes a row. Fields not named stay. A given ModifiedOn is taken as it is.
func (s *Sim) Edit(name, id string, f Fields) error {
	return s.withRow(name, id, func(w *writing, e *entity, old *row) error {
		values, stamps, err := w.s.convert(e, f)
		if err != nil {
			return err
		}
		r, err := w.update(e, old, values)
		if v := stamps["ModifiedOn"]; err == nil && v != nil {
			r = copyRow(r)
			r.vals[colModifiedOn] = v
			w.tx.put(e, r)
		}
		return err
	})
}

// Remove deletes a row with what hangs on it.
func (s *Sim) Remove(name, id string) error {
	return s.withRow(name, id, func(w *writing, e *entity, r *row) error { return w.remove(e, r) })
}

// SetBytes replaces a stream column's content; nil empties it.
func (s *Sim) SetBytes(name, id, column string, data []byte) error {
	return s.withRow(name, id, func(w *writing, e *entity, r *row) error {
		c := e.byName[column]
		if c == nil || c.kind != kindStream {
			return fmt.Errorf("creatiosim: %s has no stream %s", name, column)
		}
		return w.setStream(e, r, c, data)
	})
}

// withRow runs fn on a row inside a write.
func (s *Sim) withRow(name, id string, fn func(w *writing, e *entity, r *row) error) error {
	e, err := s.entity(name)
	if err != nil {
		return err
	}
	g, ok := parseGUID(id)
	_, err = s.write(s.person(), func(w *writing) error {
		r := w.tx.table(name).byID[g]
		if !ok || r == nil {
			return fmt.Errorf("creatiosim: no %s(%s)", name, id)
		}
		return fn(w, e, r)
	})
	return err
}

// Record returns a row by id.
func (s *Sim) Record(entity, id string) (Record, bool) {
	e := s.mustEntity(entity)
	g, ok := parseGUID(id)
	var r *row
	s.db.view(func() { r = s.db.tables[entity].byID[g] })
	if !ok || r == nil {
		return Record{}, false
	}
	return recordOf(e, r), true
}

// Records returns all rows of an entity, the one changed longest ago first.
func (s *Sim) Records(entity string) []Record {
	return s.where(entity, func(*row) bool { return true })
}

// Find returns the rows with this title: an activity's Title, a contact's or company's Name, a communication's Number.
func (s *Sim) Find(entity, title string) []Record {
	e := s.mustEntity(entity)
	pos := e.byName[e.title].pos
	return s.where(entity, func(r *row) bool { return r.text(pos) == title })
}

// where collects rows in the order of their last change.
func (s *Sim) where(entity string, ok func(*row) bool) []Record {
	e := s.mustEntity(entity)
	out := []Record{}
	s.db.view(func() {
		for _, r := range s.db.tables[entity].mod {
			if ok(r) {
				out = append(out, recordOf(e, r))
			}
		}
	})
	return out
}

// Len is how many rows an entity has.
func (s *Sim) Len(entity string) (n int) {
	s.mustEntity(entity)
	s.db.view(func() { n = len(s.db.tables[entity].byID) })
	return n
}

// Participants returns an activity's participant rows, oldest first.
func (s *Sim) Participants(activity string) []Record {
	return s.children("ActivityParticipant", "ActivityId", activity)
}

// Communications returns a contact's communication rows, oldest first.
func (s *Sim) Communications(contact string) []Record {
	return s.children("ContactCommunication", "ContactId", contact)
}

// Addresses returns a contact's address rows, oldest first.
func (s *Sim) Addresses(contact string) []Record {
	return s.children("ContactAddress", "ContactId", contact)
}

// children returns the rows whose lookup holds parent.
func (s *Sim) children(entity, column, parent string) []Record {
	e := s.mustEntity(entity)
	out := []Record{}
	g, ok := parseGUID(parent)
	if !ok {
		return out
	}
	s.db.view(func() {
		for _, r := range s.db.tables[entity].sharing(e.byName[column], g) {
			out = append(out, recordOf(e, r))
		}
	})
	return out
}

// Lookup is the id of the value with this name, "" if there is none.
func (s *Sim) Lookup(entity, name string) (id string) {
	s.mustEntity(entity)
	s.db.view(func() {
		if g, ok := s.titled(entity, name); ok {
			id = g.String()
		}
	})
	return id
}

// ContactOf is the contact id of a user, "" for an unknown login.
func (s *Sim) ContactOf(login string) string {
	s.users.mu.Lock()
	defer s.users.mu.Unlock()
	if a := s.users.accounts[strings.ToLower(login)]; a != nil {
		return a.contact.String()
	}
	return ""
}

// Import adds many rows at once, without what the product does on its own: no participants, no mirrors, no rules, only
// derived columns. Ids must be new; stamps not given are now. It is for filling large databases.
func (s *Sim) Import(entity string, rows []Fields) error {
	e, err := s.entity(entity)
	if err != nil {
		return err
	}
	w := &writing{s: s, now: stampOf(s.opt.Now()), tx: &tx{st: s.db}}
	var list []*row
	s.db.view(func() {
		for i, f := range rows {
			var r *row
			if r, err = w.importRow(e, f); err != nil {
				err = fmt.Errorf("row %d: %w", i, err)
				return
			}
			list = append(list, r)
		}
	})
	if err != nil {
		return err
	}
	return s.db.load(e, list)
}

// importRow builds a row without putting it anywhere.
func (w *writing) importRow(e *entity, f Fields) (*row, error) {
	values, stamps, err := w.s.convert(e, f)
	if err != nil {
		return nil, err
	}
	id, ok := values["Id"].(guid)
	if !ok {
		if id, ok = parseGUID(w.s.opt.NewID()); !ok {
			return nil, fmt.Errorf("creatiosim: Options.NewID returned something that is no GUID")
		}
	}
	if w.tx.table(e.name).byID[id] != nil {
		return nil, w.s.duplicateKey(e, id)
	}
	r := w.s.db.blank(e, id)
	for name, v := range values {
		r.vals[e.byName[name].pos] = v
	}
	r.vals[colCreatedOn], r.vals[colModifiedOn] = w.now, w.now
	for name, v := range stamps {
		r.vals[e.byName[name].pos] = v
	}
	w.derive(e, r)
	return r, nil
}

// Clear takes every row of an entity away without any of the product's rules, as a restored backup might.
func (s *Sim) Clear(entity string) error {
	e, err := s.entity(entity)
	if err != nil {
		return err
	}
	return s.db.update(func(t *tx) error {
		for id := range t.table(entity).byID {
			t.remove(e, id)
		}
		return nil
	})
}

// userRows sees to it that a user has a contact and a SysAdminUnit row.
func (s *Sim) userRows(a *account) error {
	_, err := s.write(guid{}, func(w *writing) error {
		contacts, units := w.tx.table("Contact"), w.tx.table("SysAdminUnit")
		if contacts.byID[a.contact] == nil {
			name := a.Name
			if name == "" {
				name = a.Login
			}
			_, err := w.insert(contacts.ent, fields{"Id": a.contact, "Name": name, "Email": a.Email,
				"TypeId": s.lookupNamed("ContactType", "Employee")})
			if err != nil {
				return err
			}
		}
		v := fields{"Id": namedID("unit " + a.Login), "Name": a.Login, "ContactId": a.contact, "Active": !a.Inactive,
			"SysAdminUnitTypeValue": int64(4)}
		old := units.byID[v["Id"].(guid)]
		if old == nil {
			_, err := w.insert(units.ent, v)
			return err
		}
		if old.ref(units.ent.byName["ContactId"].pos) == a.contact && old.bool(units.ent.byName["Active"].pos) == !a.Inactive {
			return nil // nothing to say, so no new ModifiedOn on every start
		}
		_, err := w.update(units.ent, old, v)
		return err
	})
	return err
}

// Seed is data to begin with, in an order in which each row's lookups exist before it.
type Seed struct {
	Rows []SeedRow
}

// SeedRow is one row of a Seed. CreatedOn and ModifiedOn may be given.
type SeedRow struct {
	Entity string
	Fields Fields
}

// plant inserts a seed in one transaction, as the first user.
func (s *Sim) plant(seed Seed) error {
	_, err := s.write(s.person(), func(w *writing) error {
		for i, r := range seed.Rows {
			e, err := s.entity(r.Entity)
			if err == nil {
				_, err = w.plant(e, r.Fields)
			}
			if err != nil {
				return fmt.Errorf("creatiosim: seed row %d: %w", i, err)
			}
		}
		w.mails = nil // history, long since sent
		return nil
	})
	return err
}
