package creatio

import (
	"net/http/httptest"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
)

func TestSessionAgainstTheSimulator(t *testing.T) {
	t.Parallel()
	user := creatiosim.User{Login: "Supervisor", Password: "sim-password", Name: "Supervisor", FullRights: true}
	now := time.Now()
	for name, site := range map[string]creatiosim.Site{"framework": creatiosim.Framework, "core": creatiosim.Core} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, err := creatiosim.New(creatiosim.Options{Users: []creatiosim.User{user}, Site: site, Seed: creatiosim.Demo(now, user)})
			if err != nil {
				t.Fatal(err)
			}
			defer sim.Close()
			server := httptest.NewServer(sim)
			defer server.Close()

			c := SignIn(t, server.URL, user.Login, user.Password)
			before := len(c.Mine(t, now.AddDate(0, -1, 0), now.AddDate(0, 1, 0)))
			if c.Owner == "" || before == 0 {
				t.Fatalf("owner %q has %d activities", c.Owner, before)
			}
			id := c.Meeting(t, "It's a meeting", now.AddDate(0, 0, 1), time.Hour)
			if found := c.Titled(t, "It's a meeting"); len(found) != 1 || found[0].Text("Id") != id {
				t.Errorf("found %v", found)
			}
			if got := len(c.Mine(t, now.AddDate(0, -1, 0), now.AddDate(0, 1, 0))); got != before+1 {
				t.Errorf("%d activities, want %d", got, before+1)
			}
			c.Change(t, "Activity", id, Fields{"Title": "Changed"})
			c.Await(t, time.Second, "Activity", id, "Title", "Changed")
			c.Remove(t, "Activity", id)
			if c.Read(t, "Activity", id) != nil {
				t.Error("still there")
			}
		})
	}
}
