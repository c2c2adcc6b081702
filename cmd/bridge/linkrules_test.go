package main

import (
	"strings"
	"testing"
)

// Rules that would do other than what their writer means are refused, and nothing is changed.
func TestRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	p.alice()
	_, srv := newCreatio(t)
	p.link(srv)
	p.must("", "link", "rules", "crm", "--change", `{"policy":"newest"}`)
	before := p.must("", "link", "rules", "crm")
	for _, c := range []struct {
		want string
		args []string
	}{
		{`--rules is empty: write rules as JSON, such as '{"policy":"ask"}'; --rules '{}' sets every rule to its default`, []string{"link", "rules", "crm", "--rules", ""}},
		{"--change is empty", []string{"link", "rules", "crm", "--change", " "}},
		{"--change is empty", []string{"link", "count", "crm", "--change", ""}},
		{"--rules is empty", []string{"sync", "preview", "crm", "--rules", ""}},
		{"--rules is empty", append(creatioFlags(p, srv), "--collection", "tasks", "--rules", "")},
		{"reconcileEvery 1ns is less than 1s", []string{"link", "rules", "crm", "--change", `{"reconcileEvery":"1ns"}`}},
		{`policy "exchange" is of other links`, []string{"link", "rules", "crm", "--change", `{"policy":"exchange"}`}},
		{`policy "exchange" is of other links`, append(creatioFlags(p, srv), "--collection", "tasks", "--rules", `{"policy":"exchange"}`)},
		{"policy is given more than once", []string{"link", "rules", "crm", "--change", `{"policy":"ask","policy":"crm"}`}},
		{"in.create is given more than once", []string{"link", "rules", "crm", "--rules", `{"in":{"create":["Call"],"create":[]}}`}},
		{"not a JSON object", []string{"link", "rules", "crm", "--change", "null"}},
		{`the CRM has no type "Nope"`, []string{"link", "rules", "crm", "--change", `{"types":["Nope"]}`}},
		{`the CRM has no type "Nope"`, []string{"link", "rules", "crm", "--change", `{"types":["Nope"]}`, "--preview"}},
		{`the CRM has no type "Nope"`, []string{"sync", "preview", "crm", "--change", `{"types":["Nope"]}`}},
		{`pastDays -7 is neither a number of days nor -1, which means no bound; policy "exchange" is of other links; on this one, "crm" is the policy by which the remote's value wins; the CRM has no type "Nope"`,
			[]string{"link", "rules", "crm", "--change", `{"policy":"exchange","pastDays":-7,"types":["Nope"]}`}},
		{`pastDays -7 is neither a number of days nor -1, which means no bound; policy "exchange" is of other links`,
			append(creatioFlags(p, srv), "--collection", "tasks", "--rules", `{"policy":"exchange","pastDays":-7}`)},
		{"pastDays -7 is neither", []string{"link", "count", "crm", "--change", `{"pastDays":-7}`}},
		{"pastDays -7 is neither", []string{"sync", "preview", "crm", "--change", `{"pastDays":-7}`}},
		{"with these kinds the link would sync nothing; it has event", []string{"link", "rules", "crm", "--change", `{"kinds":["contact"]}`}},
		{"with these kinds the link would sync nothing; it has event", []string{"sync", "preview", "crm", "--change", `{"kinds":["task"]}`}},
		{"there is nothing to preview", []string{"link", "rules", "crm", "--preview"}},
	} {
		if out, code := p.cmd("", c.args...); code != 1 || !strings.Contains(out, c.want) {
			t.Errorf("bridge %s: %d %q, want %q", strings.Join(c.args, " "), code, out, c.want)
		}
	}
	if after := p.must("", "link", "rules", "crm"); after != before || !strings.Contains(after, "newest") {
		t.Errorf("the rules are now %s", after)
	}
	if out := p.must("", "link", "rules", "crm", "--change", `{"since":"2026-01-01","pastDays":30}`); !strings.Contains(out, "pastDays (30) is not used") {
		t.Errorf("both bounds: %s", out)
	}
	if p.must("", "link", "rules", "crm", "--rules", "{}"); strings.Contains(p.must("", "link", "rules", "crm"), "newest") {
		t.Error("{} does not set every rule to its default")
	}
}
