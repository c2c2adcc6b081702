package store

import (
	"fmt"

	"gorm.io/gorm/clause"
)

// CollectionOwner is the owner of the dead properties of a collection.
func CollectionOwner(id CollectionID) string { return fmt.Sprintf("c:%d", id) }

// PrincipalOwner is the owner of the dead properties of a user's principal.
func PrincipalOwner(id UserID) string { return fmt.Sprintf("p:%d", id) }

// HomeOwner is the owner of the dead properties of a home.
func HomeOwner(id UserID, h Home) string { return fmt.Sprintf("h:%d:%s", id, h) }

// Properties returns all dead properties of an owner by namespace and name.
func (t *Tx) Properties(owner string) ([]Property, error) {
	var ps []Property
	err := t.db().Where("owner = ?", owner).Order("space, local").Find(&ps).Error
	return ps, fail("properties", err)
}

// SetProperty adds or replaces a dead property.
func (t *Tx) SetProperty(p Property) error {
	if err := t.writing("set property"); err != nil {
		return err
	}
	return fail("set property", t.db().Clauses(clause.OnConflict{UpdateAll: true}).Create(&p).Error)
}

// DeleteProperty removes a dead property; one that is not there is no error
// (RFC 4918 14.23).
func (t *Tx) DeleteProperty(owner, space, local string) error {
	if err := t.writing("delete property"); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM properties WHERE owner = ? AND space = ? AND local = ?`, owner, space, local)
	return fail("delete property", err)
}
