package main

import (
	"context"

	"github.com/spf13/cobra"

	"crmbridge/manage"
)

func (p *program) userUntie() *cobra.Command {
	return &cobra.Command{
		Use: "untie NAME", Short: "Forget who an account's person is at the service where people sign in", Args: cobra.ExactArgs(1),
		Long: "Forget who an account's person is at the service where people sign in (admin.oidc_issuer), and sign the account out of the pages. Whoever signs in\n" +
			"there next under its name, or with its e-mail address, is its person from then on.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.changeAccount(cmd.Context(), func(ctx context.Context, o *manage.Office) (manage.Account, error) {
				return o.Untie(ctx, args[0])
			}, "%s is tied to nobody elsewhere any more", args[0])
		},
	}
}
