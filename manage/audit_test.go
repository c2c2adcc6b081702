package manage

import (
	"context"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testclock"
	"crmbridge/pim"
	"crmbridge/review"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

// reads are the calls that change nothing that people decide. Every other one is written down.
var reads = strings.Fields(`Account Accounts Chosen Choices Codes CollectionOf Conflict Conflicts Deeds Devices Dial Duplicate Duplicates EachLink Errors Explain Feeds FindLink
	Folders FoldersOf HaveConflicts Histories Holds Invited Items JobList LinkDetail LinkRow Links LookOver OfferCodes OfferedCodes OpenConflicts Overview Places PreviewRun Probe ProbeLink Progress Query
	Record RunDetail Runs Statuses System Tied
	InviteFirst ResealCodes`) // the last two: the bridge itself asks for an invitation; RotateKey writes down what it reseals

// Whoever adds a call says of it that it only reads, or writes it down.
func TestEveryChangeIsWrittenDown(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	exported := []string{}
	calls := map[string][]string{} // of functions of this package, by name
	acts := map[string]bool{}
	word := regexp.MustCompile(`^"([a-z]+\.[a-z-]+)"$`)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if fn.Recv != nil && fn.Name.IsExported() {
				if star, ok := fn.Recv.List[0].Type.(*ast.StarExpr); ok && star.X.(*ast.Ident).Name == "Office" {
					exported = append(exported, fn.Name.Name)
				}
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					switch to := n.Fun.(type) {
					case *ast.Ident:
						calls[fn.Name.Name] = append(calls[fn.Name.Name], to.Name)
					case *ast.SelectorExpr:
						if x, ok := to.X.(*ast.Ident); ok && x.Name == "o" {
							calls[fn.Name.Name] = append(calls[fn.Name.Name], to.Sel.Name)
						}
					}
				case *ast.BasicLit:
					if m := word.FindStringSubmatch(n.Value); m != nil && f.Name() != "acts.go" {
						acts[m[1]] = true
					}
				}
				return true
			})
		}
	}
	var writesDown func(name string, deep int) bool
	writesDown = func(name string, deep int) bool {
		return name == "begin" || deep < 5 && slices.ContainsFunc(calls[name], func(to string) bool { return writesDown(to, deep+1) })
	}
	for _, name := range exported {
		switch kept := writesDown(name, 0); {
		case !kept && !slices.Contains(reads, name):
			t.Errorf("Office.%s is not written down, and not named among what only reads", name)
		case kept && slices.Contains(reads, name) && name != "Record":
			t.Errorf("Office.%s is written down, and named among what only reads", name)
		}
	}
	for act := range acts {
		if !isAct(act) {
			t.Errorf("%q is written down, and none of Acts", act)
		}
	}
	if !slices.IsSorted(Acts()) {
		t.Error("Acts are not sorted")
	}
}

func TestAuditLog(t *testing.T) {
	t.Parallel()
	clock := testclock.New()
	s := storetest.OpenWith(t, store.Config{Now: clock.Now})
	o := newOffice(t, s, clock.Now)
	clock.Advance(time.Hour)
	ctx := As(t.Context(), Actor{Via: ViaPage, Account: "root", Address: "192.0.2.1", Agent: strings.Repeat("ä", 400)})
	deeds := func(q DeedSearch) []Deed {
		t.Helper()
		found, err := o.Deeds(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return found.Rows
	}
	if d := deeds(DeedSearch{}); len(d) != 1 || d[0].Via != ViaBridge || d[0].Act != "account.add" || d[0].Outcome != OutcomeDone {
		t.Errorf("of nobody: %+v", d)
	}
	if _, err := o.SetDisabled(ctx, "ann", true); err != nil {
		t.Fatal(err)
	}
	d := deeds(DeedSearch{Account: "root"})
	if len(d) != 1 || d[0].Act != "account.disable" || d[0].Subject != "ann" || d[0].Outcome != OutcomeDone || d[0].Address != "192.0.2.1" || len(d[0].Agent) > 310 || !d[0].At.Equal(clock.Now()) {
		t.Errorf("%+v", d)
	}
	// What is refused stands there, too, without what was typed.
	if _, err := o.SetPassword(ctx, "ann", "hunter2", false); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Fatal(err)
	}
	if _, err := o.AddAccount(ctx, NewAccount{Name: "bo", Password: "correct horse battery", Email: "hunter2"}); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Fatal(err)
	}
	if _, err := o.SetPassword(ctx, "nobody", "correct horse battery", false); pim.ReasonOf(err) != pim.ErrNotFound {
		t.Fatal(err)
	}
	if d := deeds(DeedSearch{Act: "account.password"}); len(d) != 1 || d[0].Outcome != string(pim.ErrNotFound) {
		t.Errorf("refused: %+v", d)
	}
	device, err := o.AddDevice(ctx, NewDevice{User: "ann", Name: "phone"})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.RevokeDevice(ctx, "", device.ID); err != nil {
		t.Fatal(err)
	}
	if d := deeds(DeedSearch{Text: "PHONE"}); len(d) != 2 || d[0].Act != "device.revoke" || d[0].Subject != "ann: phone" || d[1].Subject != "ann: phone" {
		t.Errorf("by text: %+v", d)
	}
	text, err := json.Marshal(deeds(DeedSearch{Limit: 1000}))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "battery", device.Secret} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in the log: %s", secret, text)
		}
	}
	// A process that dies meanwhile leaves it open, and one whose client went away does not.
	gone, cancel := context.WithCancel(ctx)
	func() {
		defer func() { _ = recover() }()
		_ = o.Record(ctx, "birthdays.on", "contacts", func() error {
			cancel()
			return nil
		})
	}()
	if err := o.Record(context.WithoutCancel(gone), "birthdays.off", "contacts", func() error { return gone.Err() }); err == nil {
		t.Error("an error was lost")
	}
	if err := s.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.BeginDeed(store.Deed{Act: "link.run"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for act, want := range map[string]string{"birthdays.on": OutcomeDone, "birthdays.off": string(pim.ReasonOf(context.Canceled)), "link.run": OutcomeOpen} {
		if d := deeds(DeedSearch{Act: act}); len(d) != 1 || d[0].Outcome != want {
			t.Errorf("%s: %+v, want %q", act, d, want)
		}
	}
	if _, err := o.Deeds(t.Context(), DeedSearch{Act: "link.puase"}); pim.ReasonOf(err) != pim.ErrInvalid {
		t.Errorf("a word that there is not: %v", err)
	}
	// Pages of it.
	var seen []store.DeedID
	for q := (DeedSearch{Limit: 2}); ; {
		var p review.Page[Deed]
		if p, err = o.Deeds(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		for _, d := range p.Rows {
			seen = append(seen, d.ID)
		}
		if q.After = p.Next; q.After == 0 {
			break
		}
	}
	if all := deeds(DeedSearch{Limit: 1000}); len(seen) != len(all) || !slices.IsSortedFunc(seen, func(a, b store.DeedID) int { return int(b - a) }) {
		t.Errorf("by pages %v of %d", seen, len(all))
	}
}
