package main

import (
	"strings"

	"github.com/spf13/cobra"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/relay/rule"
)

// rulesGiven are the rules that --rules, or --change over those that are stored, ask for; nil
// when neither is given. A flag that is given without a value is a mistake, of a script perhaps,
// and must not set every rule back. They are not judged yet (readRules).
func rulesGiven(cmd *cobra.Command, stored []byte) (*rule.Rules, error) {
	for _, name := range []string{"rules", "change"} {
		f := cmd.Flags().Lookup(name)
		if f == nil || !f.Changed {
			continue
		}
		text := f.Value.String()
		if strings.TrimSpace(text) == "" {
			return nil, pim.Errorf("rules", pim.ErrInvalid, `--%s is empty: write rules as JSON, such as '{"policy":"ask"}'; --rules '{}' sets every rule to its default`, name)
		}
		if name == "change" {
			var err error
			if text, err = manage.ChangeRules(stored, text); err != nil {
				return nil, err
			}
		}
		now, err := manage.ReadRules(text)
		return &now, err
	}
	return nil, nil
}
