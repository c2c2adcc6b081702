package creatio

import (
	"net/http/httptest"
	"testing"
	"time"

	"crmbridge/crm/creatio/creatiosim"
)

// Simulated is a simulated Creatio on this machine that a test can make fail (Sim.AddFault).
type Simulated struct {
	*CRM
	Sim *creatiosim.Sim
	// URL, User and Password are what a link to it needs.
	URL, User, Password string
}

// Simulate starts a simulated Creatio with sample data for the length of the test.
func Simulate(tb testing.TB) *Simulated {
	tb.Helper()
	user := creatiosim.User{Login: "Supervisor", Password: "simulated-password", Name: "Supervisor", FullRights: true}
	sim, err := creatiosim.New(creatiosim.Options{Users: []creatiosim.User{user}, Seed: creatiosim.Demo(time.Now(), user)})
	if err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewServer(sim)
	tb.Cleanup(func() {
		server.Close()
		sim.Close()
	})
	return &Simulated{CRM: SignIn(tb, server.URL, user.Login, user.Password), Sim: sim, URL: server.URL, User: user.Login, Password: user.Password}
}
