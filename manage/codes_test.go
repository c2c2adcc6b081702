package manage

import (
	"encoding/base32"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"crmbridge/auth"
	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// Codes count once a code of the offered secret was given; what is offered is kept nowhere, and good for its account and its hour alone.
func TestCodesAreTurnedOnAndOff(t *testing.T) {
	t.Parallel()
	clock := testclock.New()
	s := storetest.OpenWith(t, store.Config{Now: clock.Now})
	o := newOffice(t, s, clock.Now)
	if _, err := o.AddAccount(t.Context(), NewAccount{Name: "bo", Password: "correct horse battery"}); err != nil {
		t.Fatal(err)
	}
	offer, err := o.OfferCodes(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	code := func() string {
		code, err := totp.GenerateCode(base32.StdEncoding.EncodeToString(offer.Secret), clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	if again, err := o.OfferedCodes(t.Context(), "ann", offer.Sealed); err != nil || again.Text != offer.Text {
		t.Errorf("shown again: %v", err)
	}
	if c, err := o.Codes(t.Context(), "ann"); err != nil || c.On {
		t.Errorf("before a code was given: %+v, %v", c, err)
	}
	if _, err := o.TurnOnCodes(t.Context(), "bo", offer.Sealed, code()); !errors.Is(err, pim.ErrInvalid) {
		t.Errorf("the offer of another: %v", err)
	}
	if _, err := o.TurnOnCodes(t.Context(), "ann", "x"+offer.Sealed, code()); !errors.Is(err, pim.ErrInvalid) {
		t.Errorf("an offer that was changed: %v", err)
	}
	_, err = o.TurnOnCodes(t.Context(), "ann", offer.Sealed, "000000")
	if fault, ok := FaultOf(err); !ok || fault.Field != "code" {
		t.Errorf("a wrong code: %v", err)
	}
	clock.Advance(offerLasts)
	if _, err := o.TurnOnCodes(t.Context(), "ann", offer.Sealed, code()); !errors.Is(err, pim.ErrInvalid) {
		t.Errorf("an hour later: %v", err)
	}
	if offer, err = o.OfferCodes(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	used := code()
	recovery, err := o.TurnOnCodes(t.Context(), "ann", offer.Sealed, used)
	if err != nil || len(recovery) != auth.RecoveryCodes {
		t.Fatalf("%q, %v", recovery, err)
	}
	if c, err := o.Codes(t.Context(), "ann"); err != nil || !c.On || c.Recovery != auth.RecoveryCodes || c.Since == nil {
		t.Errorf("on: %+v, %v", c, err)
	}
	_, err = o.Auth.SignIn(t.Context(), "ann", "correct horse battery", "192.0.2.1")
	var needed *auth.CodeNeeded
	if !errors.As(err, &needed) {
		t.Fatalf("signing in: %v", err)
	}
	if err := o.Auth.Code(t.Context(), needed.User, used, "192.0.2.1"); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("the code that turned it on: %v", err)
	}
	clock.Advance(30 * time.Second)
	if err := o.Auth.Code(t.Context(), needed.User, code(), "192.0.2.1"); err != nil {
		t.Errorf("the next: %v", err)
	}
	if _, err := o.OfferCodes(t.Context(), "ann"); !errors.Is(err, pim.ErrExists) {
		t.Errorf("a second secret: %v", err)
	}
	fresh, err := o.NewRecoveryCodes(t.Context(), "ann")
	if err != nil || len(fresh) != auth.RecoveryCodes {
		t.Fatal(err)
	}
	if err := o.Auth.Code(t.Context(), needed.User, recovery[0], "192.0.2.1"); !errors.Is(err, pim.ErrAuth) {
		t.Errorf("an old recovery code: %v", err)
	}
	if err := o.Auth.Code(t.Context(), needed.User, fresh[0], "192.0.2.1"); err != nil {
		t.Errorf("a new one: %v", err)
	}
	if c, err := o.TurnOffCodes(t.Context(), "ann"); err != nil || c.On {
		t.Errorf("off: %+v, %v", c, err)
	}
	if _, err := o.Auth.SignIn(t.Context(), "ann", "correct horse battery", "192.0.2.1"); err != nil {
		t.Errorf("by the password alone: %v", err)
	}
	if _, err := o.TurnOffCodes(t.Context(), "ann"); !errors.Is(err, pim.ErrNotFound) {
		t.Errorf("off twice: %v", err)
	}
	if _, err := o.NewRecoveryCodes(t.Context(), "ann"); !errors.Is(err, pim.ErrNotFound) {
		t.Errorf("recovery codes without codes: %v", err)
	}
}

// The secret lies sealed in the database, for its account alone.
func TestTheSecretOfCodesIsSealed(t *testing.T) {
	t.Parallel()
	clock := testclock.New()
	s := storetest.OpenWith(t, store.Config{Now: clock.Now})
	o := newOffice(t, s, clock.Now)
	offer, err := o.OfferCodes(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	code, _ := totp.GenerateCode(base32.StdEncoding.EncodeToString(offer.Secret), clock.Now())
	recovery, err := o.TurnOnCodes(t.Context(), "ann", offer.Sealed, code)
	if err != nil {
		t.Fatal(err)
	}
	var backup strings.Builder
	if _, err := s.Backup(t.Context(), &backup, "test"); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(backup.String(), string(offer.Secret)) || strings.Contains(backup.String(), recovery[0]) {
		t.Error("a backup has secrets")
	}
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		all, err := tx.SecondFactors()
		if len(all) != 1 || strings.Contains(string(all[0].Secret), string(offer.Secret)) {
			t.Errorf("kept: %+v", all)
		}
		if n, err := LoseCodes(tx, o.Keeper.Open, false); n != 0 || err != nil {
			t.Errorf("%d are lost, %v", n, err)
		}
		if n, err := LoseCodes(tx, nil, true); n != 1 || err != nil {
			t.Errorf("%d are lost without a key, %v", n, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.Auth.SignIn(t.Context(), "ann", "correct horse battery", "192.0.2.1")
	var needed *auth.CodeNeeded
	if !errors.As(err, &needed) {
		t.Fatalf("a lost secret lets in by the password alone: %v", err)
	}
	if err := o.Auth.Code(t.Context(), needed.User, recovery[0], "192.0.2.1"); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
}
