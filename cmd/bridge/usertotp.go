package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

func (p *program) userTOTP() *cobra.Command {
	off := false
	c := &cobra.Command{
		Use: "totp NAME", Short: "Say whether an account is asked for codes beside its password, or stop asking (--off)", Args: cobra.ExactArgs(1),
		Long: "Say whether an account is asked at the pages for the codes of an authenticator (TOTP) beside its password. People turn that on for themselves, under\n" +
			"My account. With it, the account's password lets no device in: devices have app passwords. --off is for somebody who lost their authenticator\n" +
			"and all of their recovery codes. Be sure who asks you for it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				show := a.office.Codes
				if off {
					show = a.office.TurnOffCodes
				}
				row, err := show(ctx, args[0])
				switch {
				case err != nil || p.json:
					return errors.Join(err, p.jsonIf(err == nil, row))
				case off:
					return p.say("%s is let in by the password alone from now on", row.Name)
				case !row.On:
					return p.say("%s is asked for no codes", row.Name)
				}
				return p.say("%s is asked for codes since %s and has %d recovery codes left", row.Name, stamp(row.Since), row.Recovery)
			})
		},
	}
	c.Flags().BoolVar(&off, "off", false, "ask for no codes any more")
	return c
}
