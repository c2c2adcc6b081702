package api

import (
	"context"

	"crmbridge/manage"
)

func (c *call) system(ctx context.Context, _ *none) (manage.System, error) {
	return c.Office.System(ctx, c.Version)
}

// resealed is what sealing everything anew did.
type resealed struct {
	Connections int `json:"connections" doc:"How many are sealed with the new key."`
}

func (c *call) rotateKey(ctx context.Context, _ *none) (resealed, error) {
	n, err := c.Office.RotateKey(ctx)
	return resealed{n}, err
}
