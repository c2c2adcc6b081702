package remotetest

import (
	"crmbridge/pim"
	"crmbridge/remote"
)

func probe(a *account) {
	p, ok := remote.As[remote.Prober](a.Remote)
	if !ok {
		a.skip("the remote is no Prober")
	}
	checks := p.Probe(a.ctx)
	if len(checks) == 0 {
		a.t.Error("no steps")
	}
	for _, c := range checks {
		if c.Name == "" || c.Err != nil {
			a.t.Errorf("step %q: %v", c.Name, c.Err)
		}
	}
}

func wrongPassword(a *account) {
	if a.h.Wrong == nil {
		a.skip("the harness cannot give a wrong password")
	}
	r := a.h.Wrong(a.t)
	if p, ok := remote.As[remote.Prober](r); ok {
		checks := p.Probe(a.ctx)
		last := checks[len(checks)-1]
		if pim.ReasonOf(last.Err) != pim.ErrAuth {
			a.t.Errorf("the last step is %q with %v, want ErrAuth", last.Name, last.Err)
		}
		for _, c := range checks[:len(checks)-1] {
			if c.Err != nil {
				a.t.Errorf("step %q failed and the probe went on: %v", c.Name, c.Err)
			}
		}
	}
	if _, err := r.Changes(a.ctx, "", remote.Scope{}, ""); err == nil {
		a.t.Error("changes with a wrong password")
	}
}
