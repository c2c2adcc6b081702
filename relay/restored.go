package relay

import (
	"errors"
	"slices"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"crmbridge/pim"
	"crmbridge/store"
)

// leaderTable and jobTable are River's.
const (
	leaderTable = "river_leader"
	jobTable    = "river_job"
)

// InUse fails with pim.ErrHeld while a server works on the database, or a run is under way.
// tables are those that there are; of a database without any nobody has begun to work on it. A
// server that was killed counts as working for the quarter of a minute that its leadership lasts, and a
// run for half a minute.
func InUse(tx *store.Tx, tables []string) error {
	if slices.Contains(tables, leaderTable) {
		leader, err := jobsDriver(tx.Store()).UnwrapExecutor(tx.SQL()).LeaderGetElectedLeader(tx.Context(), &riverdriver.LeaderGetElectedLeaderParams{})
		switch {
		case errors.Is(err, rivertype.ErrNotFound):
		case err != nil:
			return pim.Wrap("relay: in use", pim.ErrUnavailable, err)
		case leader.ExpiresAt.After(tx.Now()):
			return pim.Errorf("relay: in use", pim.ErrHeld, "a server works on this database: stop it first (one that was killed counts for %d more seconds)",
				1+int(leader.ExpiresAt.Sub(tx.Now()).Seconds()))
		}
	}
	if !slices.Contains(tables, "links") {
		return nil
	}
	n, err := tx.Leases()
	if err == nil && n > 0 {
		err = pim.Errorf("relay: in use", pim.ErrHeld, "%d runs are under way: wait for their end (one that was killed counts for half a minute)", n)
	}
	return err
}

// ForgetJobs empties the queue: what was put back is due by itself, and jobs from before name links that may be others
// now.
func ForgetJobs(tx *store.Tx, tables []string) error {
	if !slices.Contains(tables, jobTable) {
		return nil
	}
	_, err := tx.SQL().ExecContext(tx.Context(), `DELETE FROM `+jobTable)
	return pim.Wrap("relay: forget jobs", pim.ErrUnavailable, err)
}
