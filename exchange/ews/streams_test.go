package ews_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"crmbridge/exchange"
	"crmbridge/exchange/ews"
	"crmbridge/exchange/ews/ewssim"
	"crmbridge/pim"
	"crmbridge/remote"
)

// watch runs a Watch and tells its hints and its end.
func watch(t *testing.T, m remote.Remote, c remote.CollectionID) (hints chan struct{}, ended chan error, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	hints, ended = make(chan struct{}, 100), make(chan error, 1)
	go func() {
		ended <- m.(remote.Watcher).Watch(ctx, c, func() {
			select {
			case hints <- struct{}{}:
			default:
			}
		})
	}()
	return hints, ended, cancel
}

func wait(t *testing.T, what string, on <-chan struct{}) {
	t.Helper()
	select {
	case <-on:
	case <-time.After(30 * time.Second):
		t.Fatalf("no %s in 30 s", what)
	}
}

// Two watches of one mailbox share a connection; a lost subscription is made anew with a hint; a change in one folder is told to those who
// watch it.
func TestWatch(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *ewssim.Options) { o.Affinity, o.MaxHanging, o.MaxSubscriptions = true, 1, 2 })
	m, person := r.open(nil), r.open(nil)
	tasks, contacts := home(t, m, pim.KindTask), home(t, m, pim.KindContact)
	taskHints, taskEnd, stopTasks := watch(t, m, tasks)
	defer stopTasks()
	wait(t, "subscription", taskHints)
	contactHints, contactEnd, stopContacts := watch(t, m, contacts)
	defer stopContacts()
	for len(contactHints) == 0 { // when the second watch begins cannot be seen
		if _, err := person.Create(t.Context(), contacts, remote.Entry{Item: &pim.Contact{FullName: "Bo Both"}}, "key-watch"); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-contactEnd:
			t.Fatalf("the watch ended: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
	if n := len(taskHints); n != 0 {
		t.Errorf("%d hints of changes in another folder", n)
	}
	if n := r.sim.Counts()["Subscribe"]; n != 1 {
		t.Errorf("%d subscriptions", n)
	}
	r.sim.DropSubscriptions()
	r.srv.CloseClientConnections()
	wait(t, "hint after the subscription was lost", taskHints)
	stopTasks()
	stopContacts()
	for _, end := range []chan error{taskEnd, contactEnd} {
		select {
		case err := <-end:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("a watch goes on")
		}
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// Links of one mailbox have one stream, which goes on by another of them when the link that began it is closed.
func TestLinksShareAStream(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *ewssim.Options) { o.MaxHanging = 1 })
	d := ews.Driver()
	first, second := r.openBy(d, nil), r.openBy(d, nil)
	tasks, contacts := home(t, first, pim.KindTask), home(t, second, pim.KindContact)
	taskHints, taskEnd, stopTasks := watch(t, first, tasks)
	defer stopTasks()
	wait(t, "subscription", taskHints)
	contactHints, contactEnd, stopContacts := watch(t, second, contacts)
	defer stopContacts()
	wait(t, "hint at the beginning", contactHints)
	if n := r.sim.Counts()["Subscribe"]; n != 1 {
		t.Errorf("%d subscriptions", n)
	}
	if _, err := second.Create(t.Context(), contacts, remote.Entry{Item: &pim.Contact{FullName: "Bo Both"}}, "key-shared"); err != nil {
		t.Fatal(err)
	}
	wait(t, "hint by the other link's stream", contactHints)
	if n := len(taskHints); n != 0 {
		t.Errorf("%d hints of changes in another folder", n)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	wait(t, "hint of the stream that goes on", contactHints)
	if n := r.sim.Counts()["Subscribe"]; n != 2 {
		t.Errorf("%d subscriptions", n)
	}
	select {
	case err := <-taskEnd:
		if pim.ReasonOf(err) != pim.ErrUnavailable {
			t.Errorf("%v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the watch of a closed link goes on")
	}
	stopContacts()
	select {
	case <-contactEnd:
	case <-time.After(10 * time.Second):
		t.Error("the watch goes on after its context ended")
	}
	if err := first.(remote.Watcher).Watch(t.Context(), tasks, func() {}); pim.ReasonOf(err) != pim.ErrUnavailable {
		t.Errorf("a closed link watches: %v", err)
	}
}

// A watch that cannot begin says why.
func TestWatchRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	m := r.open(exchange.Settings{"password": "wrong"})
	_, ended, stop := watch(t, m, "any")
	defer stop()
	select {
	case err := <-ended:
		if pim.ReasonOf(err) != pim.ErrAuth {
			t.Errorf("%v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the watch goes on")
	}
}

// A stream that comes slowly is read on; one that breaks off ends with a reason that passes, and the next watch hears again.
func TestBadStreams(t *testing.T) {
	t.Parallel()
	for _, f := range []ewssim.Fault{{Kind: ewssim.FaultSlow, Delay: time.Millisecond}, {Kind: ewssim.FaultTruncated, Count: 1}, {Kind: ewssim.FaultLost, Count: 1}} {
		t.Run(string(f.Kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *ewssim.Options) { o.MaxHanging = 1 })
			m := r.open(nil)
			c := home(t, m, pim.KindTask)
			f.Op = "GetStreamingEvents"
			r.fault(f)
			if f.Kind != ewssim.FaultSlow {
				_, ended, stop := watch(t, m, c)
				defer stop()
				select {
				case err := <-ended:
					if !pim.ReasonOf(err).Retryable() {
						t.Fatalf("it ended with %v", err)
					}
				case <-time.After(30 * time.Second):
					t.Fatal("it goes on")
				}
			}
			hints, ended, stop := watch(t, m, c)
			defer stop()
			wait(t, "subscription", hints)
			for n := 0; len(hints) == 0; n++ {
				if _, err := m.Create(t.Context(), c, remote.Entry{Item: &pim.Task{Activity: pim.Activity{Title: "x"}}}, fmt.Sprint("key-", n)); err != nil {
					t.Fatal(err)
				}
				select {
				case err := <-ended:
					t.Fatalf("the watch ended: %v", err)
				case <-time.After(20 * time.Millisecond):
				}
			}
		})
	}
}

// A stream that falls silent is given up, and what was told on it to nobody is asked for when the next one stands.
func TestSilentStream(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *ewssim.Options) { o.Heartbeat = 20 * time.Millisecond })
	m, person := r.open(nil), r.open(nil)
	ews.AllowSilence(m, 300*time.Millisecond)
	c := home(t, m, pim.KindTask)
	r.fault(ewssim.Fault{Kind: ewssim.FaultSilent, Op: "GetStreamingEvents", Count: 1})
	hints, ended, stop := watch(t, m, c)
	defer stop()
	wait(t, "subscription", hints)
	for r.sim.Counts()["GetStreamingEvents"] == 0 {
		time.Sleep(time.Millisecond)
	}
	create := func(key string) {
		t.Helper()
		if _, err := person.Create(t.Context(), c, remote.Entry{Item: &pim.Task{Activity: pim.Activity{Title: key}}}, key); err != nil {
			t.Fatal(err)
		}
	}
	create("told to nobody")
	wait(t, "hint of the next stream", hints)
	if n := r.sim.Counts(); n["GetStreamingEvents"] < 2 || n["Subscribe"] != 1 {
		t.Errorf("%v", n)
	}
	create("told")
	wait(t, "hint", hints)
	select {
	case err := <-ended:
		t.Errorf("the watch ended: %v", err)
	default:
	}
}
