package api

import (
	"context"

	"crmbridge/manage"
	"crmbridge/review"
)

func (c *call) accounts(ctx context.Context, _ *none) (review.Page[manage.Account], error) {
	return whole(c.Office.Accounts(ctx))
}

// newAccount is an account to be made.
type newAccount struct {
	Body struct {
		Name        string `json:"name" doc:"The login."`
		Password    string `json:"password"`
		Email       string `json:"email,omitempty"`
		DisplayName string `json:"displayName,omitempty"`
		Zone        string `json:"zone,omitempty" doc:"Such as Europe/Helsinki; empty is UTC."`
		Admin       bool   `json:"admin,omitempty"`
	}
}

func (c *call) addAccount(ctx context.Context, in *newAccount) (manage.Account, error) {
	b := in.Body
	return c.Office.AddAccount(ctx, manage.NewAccount{Name: b.Name, Password: b.Password, Email: b.Email, DisplayName: b.DisplayName, Zone: b.Zone, Admin: b.Admin})
}

// Named names an account.
type Named struct {
	Name string `path:"name"`
}

func (c *call) oneAccount(ctx context.Context, in *Named) (manage.Account, error) {
	return c.Office.Account(ctx, in.Name)
}

func (c *call) disable(ctx context.Context, in *Named) (manage.Account, error) {
	return c.Office.SetDisabled(ctx, in.Name, true)
}

func (c *call) enable(ctx context.Context, in *Named) (manage.Account, error) {
	return c.Office.SetDisabled(ctx, in.Name, false)
}

// newPassword is another password for an account.
type newPassword struct {
	Named
	Body struct {
		Password string `json:"password"`
	}
}

func (c *call) setPassword(ctx context.Context, in *newPassword) (manage.Account, error) {
	return c.Office.SetPassword(ctx, in.Name, in.Body.Password, false)
}
