package store

import (
	"gorm.io/gorm/clause"

	"crmbridge/pim"
)

// insert adds a row unless a unique index refuses it, which leaves the transaction
// usable on PostgreSQL too. It reports whether the row was added.
func (t *Tx) insert(op string, row any) (bool, error) {
	if err := t.writing(op); err != nil {
		return false, err
	}
	res := t.db().Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	return res.RowsAffected > 0, fail(op, res.Error)
}

// save writes all fields of a row that exists but CreatedAt, or only some; what
// names it when it does not exist.
func (t *Tx) save(op, what string, row any, fields ...string) error {
	if err := t.writing(op); err != nil {
		return err
	}
	if len(fields) == 0 {
		fields = []string{"*"}
	}
	res := t.db().Model(row).Select(fields).Omit("CreatedAt").Updates(row)
	if res.Error == nil && res.RowsAffected == 0 {
		return notFound(op, what)
	}
	return fail(op, res.Error)
}

// CreateUser adds a user; the id and times are filled in. pim.ErrExists when the
// name is taken.
func (t *Tx) CreateUser(u User) (User, error) {
	u.ID, u.CreatedAt, u.UpdatedAt = 0, t.now, t.now
	added, err := t.insert("create user", &u)
	if err == nil && !added {
		err = pim.Errorf("store: create user", pim.ErrExists, "there is already a user named %q", u.Name)
	}
	return u, err
}

// User returns the user with that id, else pim.ErrNotFound.
func (t *Tx) User(id UserID) (User, error) {
	u, err := take[User](t, "id = ?"+t.forUpdate(), id)
	return u, fail("user", err)
}

// UserByName returns the user with that login, else pim.ErrNotFound.
func (t *Tx) UserByName(name string) (User, error) {
	u, err := take[User](t, "name = ?", name)
	return u, fail("user by name", err)
}

// Users returns all users by name.
func (t *Tx) Users() ([]User, error) {
	var us []User
	err := t.db().Order("name").Find(&us).Error
	return us, fail("users", err)
}

// UpdateUser writes all of u but CreatedAt. A new name that is taken is
// pim.ErrExists.
func (t *Tx) UpdateUser(u User) error {
	other, err := t.UserByName(u.Name)
	if err == nil && other.ID != u.ID {
		return pim.Errorf("store: update user", pim.ErrExists, "there is already a user named %q", u.Name)
	}
	if err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
		return err
	}
	return t.save("update user", "user", &u)
}
