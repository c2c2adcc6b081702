package api

import (
	"context"

	"crmbridge/manage"
)

func (c *call) me(ctx context.Context, _ *none) (manage.Account, error) {
	return c.Office.Account(ctx, c.account)
}
