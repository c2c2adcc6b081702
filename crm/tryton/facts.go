package tryton

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"crmbridge/pim"
)

// The models this driver works with.
const (
	modelParty     = "party.party"
	modelMechanism = "party.contact_mechanism"
	modelAddress   = "party.address"
	modelRelation  = "party.relation.all"
	modelWork      = "project.work"
	modelStatus    = "project.work.status"
)

// factsLast is how long facts are taken for true: modules, rights and statuses change
// seldom, and then nobody tells.
const factsLast = 15 * time.Minute

// facts are what one server has for one user.
type facts struct {
	asked time.Time
	// in is the context that goes with every call: company, language and so on, as
	// the user's preferences have them.
	in      values
	company int64 // whose tasks are synchronised; 0: the user has none
	// rights are what the user may do, for each model that exists.
	rights    map[string]rights
	statuses  []status // of tasks, in Tryton's order
	employer  int64    // type of the relation to the employer; 0: not used
	project   int64    // parent of new tasks; 0: none
	cancelled int64    // status of cancelled tasks; 0: none
}

// rights are those of a model.
type rights struct {
	Read, Write, Create, Delete truth
}

func (f *facts) has(model string) bool { _, ok := f.rights[model]; return ok }

// knowledge keeps the facts of a connector.
type knowledge struct {
	mu   sync.Mutex
	have *facts
}

func (k *knowledge) get() *facts {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.have
}

func (k *knowledge) set(f *facts) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.have = f
}

// facts are those known, or asked for now.
func (c *connector) facts(ctx context.Context) (*facts, error) {
	if f := c.known.get(); f != nil && c.now().Sub(f.asked).Abs() < factsLast {
		return f, nil
	}
	return c.learn(ctx)
}

// learn asks the server anew. It fails where nothing can work without; what is merely
// missing shows in Probe.
func (c *connector) learn(ctx context.Context) (*facts, error) {
	const op = "tryton: look at the server"
	f := &facts{asked: c.now()}
	if err := c.user(ctx, op, "res.user", "get_preferences", nil, &f.in, true); err != nil {
		return nil, err
	}
	if f.in == nil {
		f.in = values{}
	}
	if c.set.language != "" {
		f.in["language"] = c.set.language
	}
	if err := c.learnRights(ctx, op, f); err != nil {
		return nil, err
	}
	if err := c.learnCompany(ctx, op, f); err != nil {
		return nil, err
	}
	if f.has(modelStatus) {
		q := query{model: modelStatus, where: domain{clause("types", "in", "task")}, fields: statusFields(), order: []any{[]any{"sequence", "ASC NULLS FIRST"}, []any{"id", "ASC"}}}
		if err := c.find(ctx, op, f.in, q, &f.statuses); err != nil {
			return nil, err
		}
		for _, s := range f.statuses {
			if c.set.cancelled != "" && strings.EqualFold(s.Name, c.set.cancelled) {
				f.cancelled = s.ID
			}
		}
	}
	if c.set.employer != "" && f.has(modelRelation) {
		id, err := c.byName(ctx, op, f.in, "party.relation.type", "name", c.set.employer)
		if err != nil {
			return nil, err
		}
		f.employer = id
	}
	if c.set.project != "" && f.has(modelWork) {
		id, err := c.projectNamed(ctx, op, f, c.set.project)
		if err != nil {
			return nil, err
		}
		f.project = id
	}
	c.known.set(f)
	return f, nil
}

// learnRights asks which models exist, then what the user may do with them; asking
// for the rights of a model that does not exist is an error.
func (c *connector) learnRights(ctx context.Context, op string, f *facts) error {
	wanted := []string{modelParty, modelMechanism, modelAddress, modelRelation, modelWork, modelStatus}
	var models []struct {
		Model string `json:"model"`
	}
	q := query{model: "ir.model", where: domain{clause("model", "in", wanted)}, fields: []string{"model"}}
	if err := c.find(ctx, op, f.in, q, &models); err != nil {
		return err
	}
	var have []string
	for _, m := range models {
		have = append(have, m.Model)
	}
	slices.Sort(have)
	f.rights = map[string]rights{}
	if len(have) == 0 {
		return nil
	}
	return c.user(ctx, op, "ir.model.access", "get_access", f.in, &f.rights, have)
}

// learnCompany finds the company of the settings, or takes the user's own.
func (c *connector) learnCompany(ctx context.Context, op string, f *facts) error {
	if c.set.company == "" {
		if n, ok := f.in["company"].(float64); ok {
			f.company = int64(n)
		}
		return nil
	}
	id, err := c.byName(ctx, op, f.in, "company.company", "rec_name", c.set.company)
	if err != nil {
		return err
	}
	f.company = id
	f.in = maps.Clone(f.in)
	f.in["company"] = id
	return nil
}

// byName is the id of the one record of that name.
func (c *connector) byName(ctx context.Context, op string, in values, model, field, name string) (int64, error) {
	var found []struct {
		ID int64 `json:"id"`
	}
	q := query{model: model, where: domain{clause(field, "=", name)}, limit: 2, fields: []string{"id"}}
	if err := c.find(ctx, op, in, q, &found); err != nil {
		return 0, err
	}
	switch len(found) {
	case 0:
		return 0, pim.Errorf(op, pim.ErrInvalid, "%s", missing(model, name))
	case 1:
		return found[0].ID, nil
	}
	return 0, pim.Errorf(op, pim.ErrInvalid, "Tryton has more than one %s named %q", models[model], name)
}

// models are the words of people for what options name.
var models = map[string]string{
	"party.relation.type": "relation type", "company.company": "company", modelWork: "project",
}

func missing(model, name string) string {
	return fmt.Sprintf("Tryton has no %s named %q that this user may see", models[model], name)
}
