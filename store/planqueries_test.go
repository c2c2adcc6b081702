package store

import (
	"fmt"
	"testing"
	"time"

	"crmbridge/pim"
)

// useAll runs each query once. Results do not matter here.
func useAll(t *testing.T, s *Store) {
	t.Helper()
	s.reader.SetMaxOpenConns(1) // one connection that has seen everything
	write := func(do func(tx *Tx) error) {
		t.Helper()
		if err := s.Update(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *Tx) error { return tx.WakeFailing(1, "held") })
	write(func(tx *Tx) error {
		u, err := tx.CreateUser(User{Name: "ann"})
		if err != nil {
			return err
		}
		c, err := tx.CreateCollection(Collection{UserID: u.ID, Home: Calendars, Slug: "a"})
		if err != nil {
			return err
		}
		d, err := tx.CreateCollection(Collection{UserID: u.ID, Home: Calendars, Slug: "b"})
		if err != nil {
			return err
		}
		p := Put{Collection: c.ID, Name: "a", UID: "a", Kind: pim.KindEvent, Component: "VEVENT", Text: []byte("1")}
		for _, text := range []string{"1", "2"} {
			p.Text = []byte(text)
			if _, err := tx.PutObject(p); err != nil {
				return err
			}
		}
		l, err := tx.CreateLink(Link{UserID: u.ID, CollectionID: c.ID, Side: CRM, Name: "l"})
		if err != nil {
			return err
		}
		pair := &Pair{LinkID: l.ID, ObjectID: 1, RemoteID: "r"}
		token, err := tx.CreateToken(Token{UserID: u.ID, Hash: []byte("h")})
		if err != nil {
			return err
		}
		for _, do := range []func() error{
			func() error { return tx.UpdateUser(u) },
			func() error { return useSessions(tx, u.ID) },
			func() error { return useSecondFactors(tx, u.ID) },
			func() error { _, err := tx.CountWaiting([]string{"deletion"}, []string{"type"}); return err },
			func() error {
				feed, err := tx.CreateFeed(Feed{UserID: u.ID, CollectionID: c.ID, Hash: []byte("f")})
				if err == nil {
					err = tx.UpdateFeed(feed)
				}
				if err == nil {
					err = tx.TouchFeed(feed.ID, "")
				}
				return err
			},
			func() error { return tx.SetDerived(Derived{CollectionID: c.ID, SourceID: d.ID, What: "w"}) },
			func() error { return tx.SetDerived(Derived{CollectionID: c.ID, SourceID: d.ID, What: "w", Seq: 1}) },
			func() error {
				return tx.SaveOccurrence(&Occurrence{CollectionID: c.ID, SeriesID: 1, Occurrence: "x", ObjectID: 1})
			},
			func() error { return tx.SetSeriesSeq(c.ID, 1, 2) },
			func() error { return tx.PruneOccurrences(c.ID) },
			func() error { return tx.DeleteOccurrence(1) },
			func() error { return tx.DeleteDerived(d.ID) },
			func() error { return tx.TouchToken(token.ID, "", "") },
			func() error { return tx.RevokeToken(u.ID, token.ID) },
			func() error { _, err := tx.UpdateCollection(c); return err },
			func() error { return tx.SetProperty(Property{Owner: "c:1", Space: "s", Local: "l", XML: []byte{}}) },
			func() error { return tx.DeleteProperty("c:1", "s", "l") },
			func() error { return tx.UpdateLink(l) },
			func() error { return tx.SavePair(pair) },
			func() error { return tx.SavePair(pair) },
			func() error { return tx.Related([]PairID{pair.ID}, testNow()) },
			func() error { return tx.RelateAll(l.ID, testNow()) },
			func() error { return tx.DropBrings([]Bring{{ID: 1}}) },
			func() error {
				_, err := tx.AddBring(Bring{LinkID: l.ID, RemoteID: "r", ByLinkID: l.ID, ByRemoteID: "b", Role: "owner"})
				return err
			},
			func() error { return tx.MarkSeen("d", []SeenMark{{1, 1}}) },
			func() error { _, err := tx.AcquireLease(l.ID, "o", testNow(), nil); return err },
			func() error { return tx.RenewLease(l.ID, "o", testNow()) },
			func() error { return tx.HoldsLease(l.ID, "o") },
			func() error { return tx.ReleaseLease(l.ID, "o") },
			func() error { _, err := tx.SetWanted(l.ID); return err },
			func() error { return tx.StillWanted(l.ID, time.Minute) },
			func() error { return tx.ClearWanted(l.ID) },
			func() error { return tx.SetAway(l.ID, []string{"r"}, true) },
			func() error { _, err := tx.MoveObject(Move{From: c.ID, To: c.ID, Name: "a", NewName: "b"}); return err },
			func() error { _, err := tx.MoveObject(Move{From: c.ID, To: d.ID, Name: "b", NewName: "b"}); return err },
			func() error { _, err := tx.DeleteObject(d.ID, "b", Cond{}, "", 0); return err },
			func() error { _, _, err := tx.PruneVersions(0, 10); return err },
			func() error {
				con, err := tx.AddConflict(Conflict{UserID: u.ID, CollectionID: c.ID, ObjectID: 1})
				if err == nil {
					err = tx.UpdateConflict(con)
				}
				if err == nil {
					_, err = tx.ResolveConflict(con.ID, "mine", "ann")
				}
				return err
			},
			func() error { return tx.MoveConflicts(1, l.ID, Object{ID: 2, CollectionID: d.ID, Name: "b"}, l.ID) },
			func() error { _, err := tx.ResolveReports(1, "d", "superseded", "ann"); return err },
			func() error { _, err := tx.ReportRoom(u.ID, 1, 0); return err },
			func() error { _, err := tx.PruneConflicts(testNow()); return err },
			func() error {
				r, err := tx.StartRun(Run{LinkID: l.ID})
				r.Outcome = "ok"
				if err == nil {
					err = tx.FinishRun(r, []Step{{}})
				}
				return err
			},
			func() error { _, err := tx.PruneRuns(testNow(), 10); return err },
			func() error { return tx.DeletePair(pair.ID) },
			func() error { return tx.ForgetDevice("d") },
			func() error { return tx.DeviceHere("d") },
			func() error { _, err := tx.ForgetDevices(testNow().Add(1000*time.Hour), 10); return err },
			func() error { return tx.DeleteLink(l.ID) },
			func() error { return tx.DeleteCollection(d.ID) },
		} {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	})
	if _, err := s.IndexWords(t.Context(), 1, testWords()); err != nil {
		t.Fatal(err)
	}
	readAll(t, s)
}

func testWords() WordMaker {
	return WordMaker{Edition: 1, Of: func(b []byte) (string, bool) { return string(b), true }}
}

func readAll(t *testing.T, s *Store) {
	t.Helper()
	err := s.View(t.Context(), func(tx *Tx) error {
		zero, object := int64(0), func(*Object) error { return nil }
		for i, do := range []func() error{
			func() error { _, err := tx.UserByName("ann"); return err },
			func() error { _, err := tx.User(1); return err },
			func() error { _, err := tx.Users(); return err },
			func() error { _, err := tx.TokenByHash([]byte("h")); return err },
			func() error { _, err := tx.Tokens(1); return err },
			func() error { _, err := tx.Collection(1); return err },
			func() error { _, err := tx.AnyCollection(1); return err },
			func() error { _, err := tx.CollectionBySlug(1, Calendars, "a"); return err },
			func() error { _, _, err := tx.Member(1, Calendars, "a", "a"); return err },
			func() error { _, _, err := tx.Login("ann", []byte("h")); return err },
			func() error { _, err := tx.Collections(1, Calendars); return err },
			func() error { _, err := tx.Collections(1, ""); return err },
			func() error { _, err := tx.HomeSeq(1, Calendars); return err },
			func() error { _, err := tx.Object(1, "x"); return err },
			func() error { _, err := tx.ObjectByID(1); return err },
			func() error { _, err := tx.ObjectByUID(1, "x"); return err },
			func() error { _, err := tx.ObjectsByName(1, []string{"x"}); return err },
			func() error { return tx.EachObject(1, EachOptions{}, object) },
			func() error { return tx.EachObject(1, EachOptions{Brief: true}, object) },
			func() error { return tx.EachObject(1, EachOptions{Names: true}, object) },
			func() error { return tx.EachObject(1, EachOptions{Keep: func([]byte) bool { return true }}, object) },
			func() error { return tx.EachObject(1, EachOptions{Components: []string{"VEVENT", "VTODO"}}, object) },
			func() error {
				return tx.EachObject(1, EachOptions{Text: true, Words: &Words{Edition: 1, Of: [][]string{{"ann"}}}}, object)
			},
			func() error { _, err := tx.WordsBehind(); return err },
			func() error { _, _, err := tx.ChangedNames(1, 1, 0, object); return err },
			func() error { return tx.EachObject(1, EachOptions{Text: true, Components: []string{"VEVENT"}}, object) },
			func() error {
				return tx.EachObject(1, EachOptions{Text: true, From: &zero, Until: &zero, Components: []string{"VEVENT"}}, object)
			},
			func() error {
				return tx.each(full, ` WHERE o.id `+tx.anyInt()+` AND NOT o.deleted ORDER BY o.id`, []any{"[1]"}, object)
			},
			func() error { _, _, err := tx.Count(1); return err },
			func() error { _, _, err := tx.Changes(1, 0, 0, true, object); return err },
			func() error { _, _, err := tx.Changes(1, 1, 0, false, object); return err },
			func() error { _, _, err := tx.ObjectChanges(1, 0, 0, func(Object) error { return nil }); return err },
			func() error { _, err := tx.Version(1, 1); return err },
			func() error { _, err := tx.VersionByETag(1, "x"); return err },
			func() error { _, err := tx.Versions(1); return err },
			func() error { _, _, err := tx.SeenSeq("d", 1); return err },
			func() error { _, err := tx.Properties("c:1"); return err },
			func() error { _, err := tx.Link(1); return err },
			func() error { _, err := tx.LinkByName(1, "l"); return err },
			func() error { _, err := tx.Links(1); return err },
			func() error { _, err := tx.Links(0); return err },
			func() error { _, err := tx.LinksOf(1); return err },
			func() error { _, err := tx.DueLinks(testNow()); return err },
			func() error { _, err := tx.Feeds(1); return err },
			func() error { _, err := tx.ChangedAt(Collection{ID: 1}); return err },
			func() error { _, err := tx.Feed(1, 1); return err },
			func() error { _, err := tx.FeedByHash([]byte("f")); return err },
			func() error { _, err := tx.DerivedOf(1); return err },
			func() error { _, err := tx.DerivedFrom(2, "w"); return err },
			func() error { _, err := tx.OccurrencesOf(2, 1); return err },
			func() error { _, err := tx.OccurrenceOf(1); return err },
			func() error { _, err := tx.EditedOccurrences(2, 1); return err },
			func() error { _, err := tx.Pair(1); return err },
			func() error { _, err := tx.PairByObject(1, 1); return err },
			func() error { _, err := tx.PairByRemote(1, "r"); return err },
			func() error { _, err := tx.PairsByRemote(1, []string{"r"}); return err },
			func() error { _, err := tx.PairsByUID(1, "u"); return err },
			func() error { _, err := tx.PairsByMark(1, []string{"k"}); return err },
			func() error { _, err := tx.PairsToMark(1, testNow(), 10); return err },
			func() error { _, err := tx.MissingPairs(1, 10, 0); return err },
			func() error { _, err := tx.PairsWithFiles(1, testNow(), 10); return err },
			func() error { return tx.EachPair(1, func(*Pair) error { return nil }) },
			func() error { _, _, _, err := tx.CountPairs(1); return err },
			func() error { return tx.AliveRemotes(1, func(Alive) error { return nil }) },
			func() error { _, err := tx.DirtyPairs(1, testNow(), 10, 0); return err },
			func() error { _, err := tx.Intents(1); return err },
			func() error { _, err := tx.PendingCreates(1); return err },
			func() error { _, err := tx.Conflict(1); return err },
			func() error { _, err := tx.OpenConflict(1, 1); return err },
			func() error { _, err := tx.Conflicts(ConflictFilter{User: 1}); return err },
			func() error { _, err := tx.Conflicts(ConflictFilter{Collection: 1, Open: true}); return err },
			func() error { _, err := tx.Conflicts(ConflictFilter{Object: 1, Before: 7}); return err },
			func() error { _, _, err := tx.OpenReport("s"); return err },
			func() error { _, err := tx.SettledReport("s", "d", "v"); return err },
			func() error { _, err := tx.OpenDigests(1); return err },
			func() error { _, err := tx.UsedBytes(1); return err },
			func() error { _, err := tx.Identity(1, "d", "p", "r"); return err },
			func() error { _, err := tx.IdentitiesOf(1, "d", "p", "u"); return err },
			func() error { _, err := tx.Duplicate(1); return err },
			func() error { _, err := tx.Relating(1, testNow(), 5); return err },
			func() error { _, err := tx.Brings(1, 5); return err },
			func() error { _, err := tx.Duplicates(DuplicateFilter{User: 1, State: DuplicateOpen}); return err },
			func() error { _, err := tx.Duplicates(DuplicateFilter{Collection: 1, After: 3}); return err },
			func() error { _, err := tx.Run(1); return err },
			func() error {
				_, err := tx.Runs(RunFilter{Link: 1, Outcome: "ok", Trigger: "poll", Since: testNow()})
				return err
			},
			func() error { _, err := tx.Runs(RunFilter{}); return err },
			func() error {
				_, err := tx.Steps(StepFilter{Run: 1, Outcome: "failed", Action: "fail", Side: "local"})
				return err
			},
			func() error { _, err := tx.WrittenBy(1); return err },
			func() error { _, err := tx.StepsNumbered([]int64{1}); return err },
			func() error { _, err := tx.ReviewPairs(PairFilter{}); return err },
			func() error {
				_, err := tx.ReviewPairs(PairFilter{Link: 1, State: PairsFailing, Since: testNow(), Until: testNow()})
				return err
			},
			func() error { _, err := tx.ReviewPairs(PairFilter{Link: 1, State: PairsIgnored}); return err },
			func() error {
				_, err := tx.ReviewPairs(PairFilter{Link: 1, State: PairsHeld, Holds: []string{"type"}})
				return err
			},
			func() error { _, err := tx.ReviewPairs(PairFilter{State: PairsHeld}); return err },
			func() error { _, err := tx.Conflicts(ConflictFilter{Open: true}); return err },
			func() error { _, err := tx.Conflicts(ConflictFilter{Settled: true, Kind: pim.KindEvent}); return err },
			func() error {
				_, err := tx.Conflicts(ConflictFilter{User: 1, Open: true, Since: testNow()})
				return err
			},
			func() error { _, err := tx.Conflicts(ConflictFilter{Link: 1}); return err },
			func() error { _, err := tx.RemoteSteps(1, "u"); return err },
			func() error { _, err := tx.ObjectsByUID(1, "u"); return err },
		} {
			if err := do(); err != nil && pim.ReasonOf(err) != pim.ErrNotFound {
				return fmt.Errorf("query %d: %w", i, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func useSessions(tx *Tx, u UserID) error {
	hash := []byte("s")
	s, err := tx.CreateSession(Session{Hash: hash, UserID: u, ExpiresAt: tx.Now().Add(time.Hour)})
	if err != nil {
		return err
	}
	for _, do := range []func() error{
		func() error { _, _, err := tx.Session(hash); return err },
		func() error { _, err := tx.Sessions(u); return err },
		func() error { return tx.UpdateSession(s) },
		func() error { return tx.EndSessions(u, nil) },
		func() error { return tx.EndSession(hash) },
		func() error {
			return tx.CreateTicket(Ticket{Hash: hash, Purpose: "p", ExpiresAt: tx.Now().Add(time.Hour)})
		},
		func() error { _, err := tx.Ticket(hash, "p"); return err },
		func() error { return tx.UseTicket(hash, "p") },
		tx.ForgetExpired,
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

func useSecondFactors(tx *Tx, u UserID) error {
	for _, do := range []func() error{
		func() error {
			return tx.SetSecondFactor(SecondFactor{UserID: u, Secret: []byte("s")}, [][]byte{{1}, {2}})
		},
		func() error { _, err := tx.SecondFactor(u); return err },
		func() error { _, err := tx.SecondFactors(); return err },
		func() error { return tx.UseStep(u, 1) },
		func() error { return tx.ResealSecondFactor(u, []byte("t")) },
		func() error { _, err := tx.RecoveryCodes(u); return err },
		func() error { return tx.UseRecoveryCode(u, []byte{1}) },
		func() error { return tx.DropSecondFactor(u) },
		func() error { return tx.AddTie(Tie{UserID: u, Issuer: "i", Subject: "s"}) },
		func() error { _, err := tx.TieOf("i", "s"); return err },
		func() error { _, err := tx.TieOfUser(u); return err },
		func() error { return tx.DropTie(u) },
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}
