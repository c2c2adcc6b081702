package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// LeastReconcile is the least time between two full listings of a remote that rules may ask for.
const LeastReconcile = Duration(time.Second)

// CheckNew says everything that is wrong with rules that somebody sets: what Validate says, and
// what stored rules may have from before it was refused. remote is the policy by which the
// link's remote wins, PreferCRM or PreferMail.
func (r Rules) CheckNew(remote Policy) error {
	faults := []error{r.Validate()}
	if r.ReconcileEvery > 0 && r.ReconcileEvery < LeastReconcile {
		faults = append(faults, fmt.Errorf("reconcileEvery %s is less than %s", time.Duration(r.ReconcileEvery), time.Duration(LeastReconcile)))
	}
	if p := r.Policy; (p == PreferCRM || p == PreferMail) && p != remote {
		faults = append(faults, fmt.Errorf("policy %q is of other links; on this one, %q is the policy by which the remote's value wins", p, remote))
	}
	return errors.Join(faults...)
}

// Repeated are the names that an object of JSON has more than once, those of its parts as
// "in.create", each once: readers take the last and pass the others over. Names that differ in
// case only are the same to a reader of rules. Text that is no JSON has none.
func Repeated(text []byte) []string {
	d := json.NewDecoder(bytes.NewReader(text))
	var out []string
	_ = repeated(d, "", &out) // what is not JSON is told by who reads it
	return out
}

func repeated(d *json.Decoder, at string, out *[]string) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	open, ok := t.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]int{}
	for d.More() {
		part := at
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			part = strings.TrimPrefix(at+"."+fmt.Sprint(name), ".")
			low := strings.ToLower(part)
			if seen[low]++; seen[low] == 2 {
				*out = append(*out, part)
			}
		}
		if err := repeated(d, part, out); err != nil {
			return err
		}
	}
	_, err = d.Token() // the closing one
	return err
}

// unused tells of bounds that a day stands instead of.
func (r Rules) unused() []string {
	var out []string
	add := func(name string, days int, since Day) {
		out = append(out, fmt.Sprintf("%s (%d) is not used: since (%s) stands instead.", name, days, since))
	}
	if r.Since != "" && r.PastDays != 0 && r.PastDays != (Rules{}).Defaults().PastDays {
		add("pastDays", r.PastDays, r.Since)
	}
	if r.In.Since != "" && r.In.PastDays != 0 {
		add("in.pastDays", r.In.PastDays, r.In.Since)
	}
	if r.Out.Since != "" && r.Out.PastDays != 0 {
		add("out.pastDays", r.Out.PastDays, r.Out.Since)
	}
	return out
}
