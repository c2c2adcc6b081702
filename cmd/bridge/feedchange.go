package main

import (
	"context"

	"github.com/spf13/cobra"

	"crmbridge/auth"
	"crmbridge/pim"
	"crmbridge/store"
)

// changeFeed finds a feed by its number, among those of one account when it is named.
func changeFeed(tx *store.Tx, user string, id store.FeedID, change func(store.User, *store.Feed) error) (feedShown, error) {
	us, err := usersOrOne(tx, user)
	if err != nil {
		return feedShown{}, err
	}
	for _, u := range us {
		f, err := tx.Feed(u.ID, id)
		if err != nil && pim.ReasonOf(err) == pim.ErrNotFound {
			continue
		}
		if err == nil {
			err = change(u, &f)
		}
		if err == nil {
			err = tx.UpdateFeed(f)
		}
		if err != nil {
			return feedShown{}, err
		}
		return feedRow(tx, u, f)
	}
	return feedShown{}, pim.Errorf("feed", pim.ErrNotFound, "there is no feed %d", id)
}

func (p *program) feedRotate() *cobra.Command {
	var user, expires string
	c := &cobra.Command{
		Use: "rotate ID", Short: "Give a feed a new address and end the old one at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.FeedID](args[0])
			if err != nil {
				return err
			}
			return p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				return p.issue(ctx, a, func(tx *store.Tx, secret string) (feedShown, error) {
					var old store.Feed
					row, err := changeFeed(tx, user, id, func(u store.User, f *store.Feed) error {
						old = *f
						if f.RevokedAt != nil {
							return pim.Errorf("feed rotate", pim.ErrInvalid, "feed %d is revoked; make another one with feed add", id)
						}
						if expires != "" {
							if f.ExpiresAt, err = expiry(expires, tx.Now(), u); err != nil {
								return err
							}
						}
						if f.ExpiresAt != nil && !tx.Now().Before(*f.ExpiresAt) {
							return pim.Errorf("feed rotate", pim.ErrInvalid, "feed %d has expired; give it a new end with --expires", id)
						}
						f.Hash, f.Hint = auth.HashSecret(secret), auth.Hint(secret)
						return nil
					})
					if err != nil {
						return row, err
					}
					return row, keepEnded(tx, old)
				})
			})
		},
	}
	c.Flags().StringVar(&user, "user", "", "account, to be sure it is the right one's")
	c.Flags().StringVar(&expires, "expires", "", "a new end, as with feed add, or never (default: as it is)")
	return c
}

// keepEnded keeps an address that was given up as a feed that is revoked, so that programs which still ask there are told
// that it ended: an address that nobody knows is as good as one that was mistyped.
func keepEnded(tx *store.Tx, old store.Feed) error {
	now := tx.Now()
	old.RevokedAt = &now
	_, err := tx.CreateFeed(old)
	return err
}

func (p *program) feedRevoke() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "revoke ID", Short: "End a feed at once", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number[store.FeedID](args[0])
			if err != nil {
				return err
			}
			var row feedShown
			err = p.withApp(cmd.Context(), func(ctx context.Context, a *app) error {
				return a.store.Update(ctx, func(tx *store.Tx) (err error) {
					row, err = changeFeed(tx, user, id, func(_ store.User, f *store.Feed) error {
						if f.RevokedAt == nil {
							now := tx.Now()
							f.RevokedAt = &now
						}
						return nil
					})
					return err
				})
			})
			if err != nil {
				return err
			}
			if p.json {
				return p.printJSON(row)
			}
			return p.say("feed %d is revoked", id)
		},
	}
	c.Flags().StringVar(&user, "user", "", "account, to be sure it is the right one's")
	return c
}
