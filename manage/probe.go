package manage

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"crmbridge/pim"
	"crmbridge/relay"
	"crmbridge/relay/rule"
	"crmbridge/remote"
	"crmbridge/remote/several"
	"crmbridge/store"
	"crmbridge/upstream"
)

// Check is one step of a test.
type Check struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Fault string `json:"fault,omitempty"`
	Note  string `json:"note,omitempty"`
	// Optional is a step that a link can do without.
	Optional bool `json:"optional,omitempty"`

	// For who must not know the place: the name without those of links, and what kind of fault it is.
	Bare string     `json:"-"`
	Kind pim.Reason `json:"-"`
}

// ReasonOf is the reason of an error that has one, else "".
func ReasonOf(err error) pim.Reason {
	var e *pim.Error
	if !errors.As(err, &e) {
		return ""
	}
	return pim.ReasonOf(err)
}

// Probe tests a connection step by step, before there is a link for items of some kinds, 0 being all.
func (o *Office) Probe(ctx context.Context, n Connection, kinds pim.KindSet) ([]Check, error) {
	r, err := o.Dial(ctx, n)
	if err != nil {
		return nil, err
	}
	rows, err := Checks(ctx, r, kinds)
	return rows, errors.Join(err, r.Close())
}

// Dial opens a remote that no link stands for yet. It has to be closed.
func (o *Office) Dial(ctx context.Context, n Connection) (remote.Remote, error) {
	var u store.User
	err := o.Store.View(ctx, func(tx *store.Tx) error {
		var err error
		u, err = User(tx, n.User)
		return err
	})
	if err != nil {
		return nil, err
	}
	return o.Connections.Dial(ctx, n.Driver, u, n.Settings)
}

// Checks are the remote's own; one that has none is asked for its collections. What is about none of the kinds, 0 being all, is
// no fault.
func Checks(ctx context.Context, r remote.Remote, kinds pim.KindSet) ([]Check, error) {
	pr, ok := remote.As[remote.Prober](r)
	if !ok {
		_, err := r.Collections(ctx)
		return []Check{{Name: "collections", OK: err == nil, Fault: FaultText(err), Kind: ReasonOf(err)}}, ctx.Err()
	}
	var rows []Check
	for _, c := range pr.Probe(ctx) {
		c = needed(c, kinds)
		rows = append(rows, Check{Name: c.Name, OK: c.Err == nil, Note: c.Note, Fault: FaultText(c.Err), Kind: ReasonOf(c.Err), Optional: c.Optional})
	}
	return rows, ctx.Err()
}

// needed is a check as it counts for a link for some kinds.
func needed(c remote.Check, kinds pim.KindSet) remote.Check {
	if c.Err != nil && kinds != 0 && c.Kinds != 0 && c.Kinds&kinds == 0 {
		c.Note, c.Err = "not needed here: "+FaultText(c.Err), nil
	}
	return c
}

// Failed reports checks of which one did not pass.
func Failed(rows []Check) bool {
	return slices.ContainsFunc(rows, func(c Check) bool { return !c.OK })
}

// Hopeless reports checks without which there can be no link.
func Hopeless(rows []Check) bool {
	return slices.ContainsFunc(rows, func(c Check) bool { return !c.OK && !c.Optional })
}

// FaultText is what went wrong for the operator, "" for nil. To them alone it is told
// which network is to be allowed.
func FaultText(err error) string {
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

// Folder is a collection of a CRM or mail server.
type Folder struct {
	Name     string     `json:"name"`
	Kinds    []pim.Kind `json:"kinds"`
	ReadOnly bool       `json:"readOnly"`
	Others   bool       `json:"others"`
	ID       string     `json:"id"`
}

// Folders are the collections of a CRM or mail server, before there is a link.
func (o *Office) Folders(ctx context.Context, c Connection) ([]Folder, error) {
	r, err := o.Dial(ctx, c)
	if err != nil {
		return nil, err
	}
	rows, err := foldersOf(ctx, r)
	return rows, errors.Join(err, r.Close())
}

// FoldersOf are the collections of the CRM or mail server of a link.
func (o *Office) FoldersOf(ctx context.Context, l store.Link, u store.User) ([]Folder, error) {
	r, err := o.Connections.Open(ctx, l, u)
	if err != nil {
		return nil, err
	}
	return foldersOf(ctx, r)
}

func foldersOf(ctx context.Context, r remote.Remote) ([]Folder, error) {
	cs, err := r.Collections(ctx)
	rows := make([]Folder, len(cs))
	for i, c := range cs {
		rows[i] = Folder{c.Name, c.Kinds.List(), c.ReadOnly, c.Others, string(c.ID)}
	}
	return rows, err
}

// ProbeLink tests the connection of a link, and whether what it leads to is there and may be written.
func (o *Office) ProbeLink(ctx context.Context, l store.Link, u store.User) ([]Check, error) {
	r, err := o.Connections.Open(ctx, l, u)
	if err != nil {
		return nil, err
	}
	rules, err := rule.Parse(l.Rules)
	if err != nil {
		return nil, err
	}
	rows, err := Checks(ctx, r, pim.Kinds(rules.Kinds...))
	if err != nil || Hopeless(rows) {
		return rows, err
	}
	cs, err := r.Collections(ctx)
	if err != nil {
		return append(rows, Check{Name: "what is linked", Note: relay.Place(l), Fault: relay.Place(l) + ": " + FaultText(err)}), nil
	}
	if err := o.nameFolders(ctx, &l, cs); err != nil {
		return rows, err
	}
	return append(rows, linkedThere(cs, l, rules)), nil
}

// nameFolders keeps what the folders of a link are called, where that is news.
func (o *Office) nameFolders(ctx context.Context, l *store.Link, cs []remote.Collection) error {
	if !relay.NameFolders(l, cs, o.Now()) {
		return nil
	}
	return o.Store.Update(ctx, func(tx *store.Tx) error { return tx.UpdateLink(*l, "Folders") })
}

// linkedThere is the check of a link's own collections.
func linkedThere(cs []remote.Collection, l store.Link, rules rule.Rules) Check {
	place := remote.CollectionID(l.Remote)
	row := Check{Name: "what is linked", OK: true, Note: relay.Place(l)}
	if gone := relay.GoneFolders(l, cs); len(gone) > 0 {
		row.OK, row.Fault = false, relay.AreGone(gone)
		return row
	}
	ids := several.Chosen(place)
	if _, every := several.IsAll(place); !every && ids == nil {
		ids = []remote.CollectionID{place}
	}
	var names []string
	for _, id := range ids {
		i := slices.IndexFunc(cs, func(c remote.Collection) bool { return c.ID == id })
		switch {
		case i < 0:
			row.OK, row.Fault = false, fmt.Sprintf("%q is not there any more, or the login may not see it", id)
			return row
		case cs[i].ReadOnly && rules.Direction != rule.In && cs[i].Kinds != pim.Kinds(pim.KindMessage):
			row.OK, row.Fault = false, fmt.Sprintf("in %q the right is missing to make and change items; give it, or let the link's rules have \"direction\": \"in\"", cs[i].Name)
			return row
		}
		names = append(names, cs[i].Name)
	}
	if len(names) > 0 {
		row.Note = strings.Join(names, ", ")
	}
	return row
}
