package manage

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"crmbridge/auth"
	"crmbridge/pim"
	"crmbridge/store"
)

// Codes is how an account stands with codes beside its password.
type Codes struct {
	Name     string     `json:"name"`
	On       bool       `json:"on"`
	Since    *time.Time `json:"since,omitempty"`
	Recovery int        `json:"recoveryCodes"` // that are left
}

// Codes reports whether an account is asked for codes. Errors: pim.ErrNotFound.
func (o *Office) Codes(ctx context.Context, name string) (row Codes, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		u, err := User(tx, name)
		if err != nil {
			return err
		}
		row.Name = u.Name
		f, err := tx.SecondFactor(u.ID)
		if errors.Is(err, pim.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		row.On, row.Since = true, &f.CreatedAt
		row.Recovery, err = tx.RecoveryCodes(u.ID)
		return err
	})
	return row, err
}

// CodesOffer is a secret that an account does not use yet.
type CodesOffer struct {
	auth.Key
	Sealed string // for TurnOnCodes
}

// offerLasts is how long an offer is good: somebody finds their phone, and an authenticator for it.
const offerLasts = time.Hour

// offered is what is sealed in an offer.
type offered struct {
	Secret []byte    `json:"secret"`
	Until  time.Time `json:"until"`
}

func offerPurpose(u store.UserID) string { return fmt.Sprintf("offer of codes:%d", u) }

// OfferCodes draws a secret for an authenticator. Nothing is kept of it here. Errors: pim.ErrNotFound, pim.ErrExists where codes are asked for already.
func (o *Office) OfferCodes(ctx context.Context, name string) (CodesOffer, error) {
	u, err := o.withoutCodes(ctx, name)
	if err != nil {
		return CodesOffer{}, err
	}
	k, err := auth.NewKey(o.server(), u.Name, o.Random)
	if err != nil {
		return CodesOffer{}, err
	}
	text, err := json.Marshal(offered{k.Secret, o.Now().Add(offerLasts)})
	if err != nil {
		return CodesOffer{}, err
	}
	sealed, err := o.Keeper.Seal(offerPurpose(u.ID), text)
	return CodesOffer{k, base64.RawURLEncoding.EncodeToString(sealed)}, err
}

// OfferedCodes is an offer once more, for whoever mistyped. Errors: pim.ErrNotFound, pim.ErrExists, pim.ErrInvalid for an offer that is good no more.
func (o *Office) OfferedCodes(ctx context.Context, name, sealed string) (CodesOffer, error) {
	u, err := o.withoutCodes(ctx, name)
	if err != nil {
		return CodesOffer{}, err
	}
	secret, err := o.openOffer(u, sealed)
	if err != nil {
		return CodesOffer{}, err
	}
	k, err := auth.ShowKey(o.server(), u.Name, secret)
	return CodesOffer{k, sealed}, err
}

func (o *Office) withoutCodes(ctx context.Context, name string) (u store.User, err error) {
	err = o.Store.View(ctx, func(tx *store.Tx) error {
		if u, err = User(tx, name); err != nil {
			return err
		}
		_, err := tx.SecondFactor(u.ID)
		switch {
		case err == nil:
			return pim.Errorf("codes", pim.ErrExists, "codes are asked for already")
		case errors.Is(err, pim.ErrNotFound):
			return nil
		}
		return err
	})
	return u, err
}

func (o *Office) openOffer(u store.User, sealed string) ([]byte, error) {
	var in offered
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err == nil {
		b, err = o.Keeper.Open(offerPurpose(u.ID), b)
	}
	if err == nil {
		err = json.Unmarshal(b, &in)
	}
	if err != nil || !o.Now().Before(in.Until) {
		return nil, pim.Errorf("codes", pim.ErrInvalid, "this key is good no more; begin again with a new one")
	}
	return in.Secret, nil
}

// server is what an authenticator calls this server.
func (o *Office) server() string {
	if u, err := url.Parse(o.Address); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "Bridge"
}

// TurnOnCodes asks an account for codes of an offered secret from now on, once a code shows that the authenticator has it. It is signed out
// everywhere. The recovery codes that it returns are nowhere else. Errors: a Fault of "code", those of OfferedCodes.
func (o *Office) TurnOnCodes(ctx context.Context, name, sealed, code string) (recovery []string, err error) {
	d, err := o.begin(ctx, "codes.on", name)
	if err != nil {
		return recovery, err
	}
	defer d.end(&err)
	u, err := o.withoutCodes(ctx, name)
	if err != nil {
		return nil, err
	}
	secret, err := o.openOffer(u, sealed)
	if err != nil {
		return nil, err
	}
	step, ok := auth.CodeStep(secret, code, 0, o.Now())
	if !ok {
		return nil, wrong("codes", "code", "is not the one that the authenticator shows now; look whether its clock is right")
	}
	kept, err := o.Keeper.Seal(auth.FactorPurpose(u.ID), secret)
	if err != nil {
		return nil, err
	}
	recovery, hashes, err := auth.NewRecoveryCodes(o.Random)
	if err != nil {
		return nil, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.SetSecondFactor(store.SecondFactor{UserID: u.ID, Secret: kept, Step: step}, hashes); err != nil {
			return err
		}
		return tx.EndSessions(u.ID, nil)
	})
	return recovery, err
}

// TurnOffCodes lets an account in by its password alone. Errors: pim.ErrNotFound, also where no codes were asked for.
func (o *Office) TurnOffCodes(ctx context.Context, name string) (row Codes, err error) {
	d, err := o.begin(ctx, "codes.off", name)
	if err != nil {
		return row, err
	}
	defer d.end(&err)
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		u, err := User(tx, name)
		if err != nil {
			return err
		}
		row.Name = u.Name
		return unasked(u, tx.DropSecondFactor(u.ID))
	})
	return row, err
}

// NewRecoveryCodes puts new recovery codes in the place of an account's earlier ones. They are nowhere else. Errors: as of TurnOffCodes.
func (o *Office) NewRecoveryCodes(ctx context.Context, name string) (codes []string, err error) {
	d, err := o.begin(ctx, "codes.recovery", name)
	if err != nil {
		return codes, err
	}
	defer d.end(&err)
	codes, hashes, err := auth.NewRecoveryCodes(o.Random)
	if err != nil {
		return nil, err
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		u, err := User(tx, name)
		if err != nil {
			return err
		}
		if _, err := tx.SecondFactor(u.ID); err != nil {
			return unasked(u, err)
		}
		return tx.SetRecoveryCodes(u.ID, hashes)
	})
	return codes, err
}

// unasked says whose codes there are none of.
func unasked(u store.User, err error) error {
	if errors.Is(err, pim.ErrNotFound) {
		return pim.Errorf("codes", pim.ErrNotFound, "%s is asked for no codes", u.Name)
	}
	return err
}

// ResealCodes seals the secrets of codes with the first key, and says how many there are.
func (o *Office) ResealCodes(tx *store.Tx) (n int, err error) {
	all, err := tx.SecondFactors()
	if err != nil {
		return 0, err
	}
	for _, f := range all {
		if f.Secret == nil {
			continue // lost with its key
		}
		fresh, changed, err := o.Keeper.Reseal(auth.FactorPurpose(f.UserID), f.Secret)
		if err != nil {
			return n, err
		}
		if n++; !changed {
			continue
		}
		if err := tx.ResealSecondFactor(f.UserID, fresh); err != nil {
			return n, err
		}
	}
	return n, nil
}

// LoseCodes counts the secrets of codes that open does not open (nil opens none), and gives them up where that is allowed: their accounts are let in by
// recovery codes then, or after TurnOffCodes.
func LoseCodes(tx *store.Tx, open func(purpose string, sealed []byte) ([]byte, error), allowed bool) (n int, err error) {
	all, err := tx.SecondFactors()
	if err != nil {
		return 0, err
	}
	for _, f := range all {
		if f.Secret == nil {
			continue
		}
		if open != nil {
			if _, err := open(auth.FactorPurpose(f.UserID), f.Secret); err == nil {
				continue
			}
		}
		if n++; !allowed {
			continue
		}
		if err := tx.ResealSecondFactor(f.UserID, nil); err != nil {
			return n, err
		}
	}
	return n, nil
}
