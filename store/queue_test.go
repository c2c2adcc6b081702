package store_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/store"
	"crmbridge/store/storetest"
)

type jobArgs struct {
	Name string `json:"name"`
}

func (jobArgs) Kind() string { return "test" }

type jobWorker struct {
	river.WorkerDefaults[jobArgs]
	done chan string
}

func (w *jobWorker) Work(_ context.Context, job *river.Job[jobArgs]) error {
	w.done <- job.Args.Name
	return nil
}

// Items and jobs commit together, on the store's own connections, and the queue works
// beside the store.
func TestJobQueue(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{"sqlite": func(testing.TB) string { return "" }, "postgres": testenv.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var client *river.Client[*sql.Tx]
			s := storetest.OpenWith(t, store.Config{URL: url(t), Now: time.Now,
				OnChange: func(ctx context.Context, tx *store.Tx, c store.CollectionID, _ store.LinkID) error {
					col, err := tx.Collection(c)
					if err != nil {
						return err
					}
					_, err = client.InsertTx(ctx, tx.SQL(), jobArgs{Name: col.Slug}, nil)
					return err
				}})
			var driver riverdriver.Driver[*sql.Tx] = riversqlite.New(s.Writer())
			if s.Postgres() {
				driver = riverdatabasesql.New(s.Writer())
			}
			testQueue(t, s, driver, &client)
		})
	}
}

func testQueue(t *testing.T, s *store.Store, driver riverdriver.Driver[*sql.Tx], client **river.Client[*sql.Tx]) {
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrator.Migrate(t.Context(), rivermigrate.DirectionUp, nil); err != nil {
		t.Fatal(err)
	}
	worker := &jobWorker{done: make(chan string, 100)}
	workers := river.NewWorkers()
	river.AddWorker(workers, worker)
	*client, err = river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}}, Workers: workers, TestOnly: true,
		FetchPollInterval: 100 * time.Millisecond, FetchCooldown: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	var c store.Collection
	put := func(name string, end error) error {
		return s.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.PutObject(store.Put{Collection: c.ID, Name: name, UID: name, Kind: pim.KindEvent, Component: "VEVENT", Text: []byte("x")})
			return errors.Join(err, end)
		})
	}
	err = s.Update(t.Context(), func(tx *store.Tx) error {
		u, err := tx.CreateUser(store.User{Name: "ann"})
		if err != nil {
			return err
		}
		if c, err = tx.CreateCollection(store.Collection{UserID: u.ID, Home: store.Calendars, Slug: "work"}); err != nil {
			return err
		}
		_, err = tx.CreateLink(store.Link{UserID: u.ID, CollectionID: c.ID, Side: store.CRM, Name: "crm"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := put("a", errors.New("undo")); err == nil {
		t.Fatal("committed")
	}
	jobs, err := (*client).JobList(t.Context(), nil)
	if err != nil || len(jobs.Jobs) != 0 {
		t.Errorf("jobs of a transaction that was rolled back: %v, %v", jobs, err)
	}
	if err := (*client).Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	const n = 10
	for i := range n {
		if err := put(string(rune('a'+i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		select {
		case got := <-worker.done:
			if got != "work" {
				t.Errorf("got %q", got)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("a job did not run")
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 30*time.Second)
	defer cancel()
	if err := (*client).Stop(ctx); err != nil {
		t.Error(err)
	}
}
