package main

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"crmbridge/manage"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/upstream"
)

// checkShown is one step of a test.
type checkShown struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Fault string `json:"fault,omitempty"`
	Note  string `json:"note,omitempty"`
	// Optional is a step that a link can do without.
	Optional bool `json:"optional,omitempty"`

	// For who must not know the place: the name without those of links, and what kind of fault it is.
	bare string
	kind pim.Reason
}

// kindOf is the reason of an error that has one.
func kindOf(err error) pim.Reason {
	var e *pim.Error
	if !errors.As(err, &e) {
		return ""
	}
	return pim.ReasonOf(err)
}

// probe tests a connection step by step, before there is a link for items of some kinds, 0 being all.
func (a *app) probe(ctx context.Context, f linkFlags, s remote.Settings, kinds pim.KindSet) ([]checkShown, error) {
	r, err := a.dial(ctx, f, s)
	if err != nil {
		return nil, err
	}
	rows, err := checks(ctx, r, kinds)
	return rows, errors.Join(err, r.Close())
}

// dial opens a remote that no link stands for yet.
func (a *app) dial(ctx context.Context, f linkFlags, s remote.Settings) (remote.Remote, error) {
	var u store.User
	err := a.store.View(ctx, func(tx *store.Tx) error {
		var err error
		u, err = manage.User(tx, f.user)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.conns.Dial(ctx, f.driver, u, s)
}

// checks are the remote's own; one that has none is asked for its collections. What is about none of the kinds, 0 being all, is
// no fault.
func checks(ctx context.Context, r remote.Remote, kinds pim.KindSet) ([]checkShown, error) {
	pr, ok := remote.As[remote.Prober](r)
	if !ok {
		_, err := r.Collections(ctx)
		return []checkShown{{Name: "collections", OK: err == nil, Fault: faultText(err)}}, ctx.Err()
	}
	var rows []checkShown
	for _, c := range pr.Probe(ctx) {
		c = needed(c, kinds)
		rows = append(rows, checkShown{Name: c.Name, OK: c.Err == nil, Note: c.Note, Fault: faultText(c.Err), Optional: c.Optional})
	}
	return rows, ctx.Err()
}

// needed is a check as it counts for a link for some kinds.
func needed(c remote.Check, kinds pim.KindSet) remote.Check {
	if c.Err != nil && kinds != 0 && c.Kinds != 0 && c.Kinds&kinds == 0 {
		c.Note, c.Err = "not needed here: "+faultText(c.Err), nil
	}
	return c
}

func failed(rows []checkShown) bool {
	return slices.ContainsFunc(rows, func(c checkShown) bool { return !c.OK })
}

// hopeless reports checks without which there can be no link.
func hopeless(rows []checkShown) bool {
	return slices.ContainsFunc(rows, func(c checkShown) bool { return !c.OK && !c.Optional })
}

// errChecks ends a command whose checks, shown already, say what is wrong.
var errChecks = &shownError{errors.New("the connection does not work")}

// showChecks prints the steps; it fails when one of them did.
func (p *program) showChecks(rows []checkShown) error {
	if err := print(p, rows, checkTable("STEP")); err != nil {
		return err
	}
	if failed(rows) {
		return errChecks
	}
	return nil
}

func checkTable(first string) printed[checkShown] {
	return printed[checkShown]{
		head: []string{first, "RESULT", ""},
		cells: func(c checkShown) []string {
			if c.OK {
				return []string{c.Name, "ok", c.Note}
			}
			return []string{c.Name, "failed", c.Fault}
		},
	}
}

// faultText is what went wrong for the operator, "" for nil. To them alone it is told
// which network is to be allowed.
func faultText(err error) string {
	if err == nil {
		return ""
	}
	text := pim.PublicText(err)
	var nets []string
	for _, ip := range upstream.Refused(err) {
		bits := ip.BitLen()
		if ip.IsLoopback() && ip.Is4() {
			bits = 8
		}
		n := netip.PrefixFrom(ip, bits).Masked().String()
		if !slices.Contains(nets, n) {
			nets = append(nets, n)
		}
	}
	if len(nets) > 0 {
		text += ": [" + strings.Join(nets, ", ") + "]"
	}
	return text
}
