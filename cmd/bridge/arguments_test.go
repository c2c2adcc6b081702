package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// A word that is no command is an error in every group, and not the group's help.
func TestAWrongCommandIsAnError(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"sync", "nope"}, `bridge: unknown command "nope" for "bridge sync"; there are history, `},
		{[]string{"link", "nope", "--user", "alice"}, `bridge: unknown command "nope" for "bridge link"; there are `},
		{[]string{"item", "relat", "x"}, "bridge: unknown command \"relat\" for \"bridge item\"\n\nDid you mean this?\n\trelate\n"},
		{[]string{"conflict", "undoo", "7"}, "Did you mean this?\n\tundo\n"},
		{[]string{"synk"}, "\tsync\n"},
		{[]string{"help", "synk"}, "\tsync\n"},
		{[]string{"help", "sync", "sho"}, "Did you mean this?\n\tshow\n"},
		{[]string{"completion", "bahs"}, `unknown command "bahs" for "bridge completion"`},
	} {
		if out, code := p.cmd("", c.args...); code != 1 || !strings.Contains(out, c.want) {
			t.Errorf("bridge %s: %d %q, want %q", strings.Join(c.args, " "), code, out, c.want)
		}
	}
	for _, c := range rootCommand(streams{}, nil).Commands() {
		if !c.HasSubCommands() {
			continue
		}
		if out, code := p.cmd("", c.Name(), "nope"); code != 1 || !strings.Contains(out, "unknown command") {
			t.Errorf("bridge %s nope: %d %q", c.Name(), code, out)
		}
		for _, args := range [][]string{{c.Name()}, {"help", c.Name()}, {c.Name(), "--help"}} {
			if out, code := p.cmd("", args...); code != 0 || !strings.Contains(out, "Available Commands") {
				t.Errorf("bridge %s: %d %q", strings.Join(args, " "), code, out)
			}
		}
	}
	if out, code := p.cmd("", "sync", "--nope"); code != 1 || !strings.Contains(out, "unknown flag") {
		t.Errorf("a flag that a group has not: %d %q", code, out)
	}
}

// Each command names the argument that it misses, and shows its form.
func TestAMissingArgumentIsNamed(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	for want, args := range map[string][]string{
		"bridge: sync show needs a RUN: bridge sync show RUN\n":                                        {"sync", "show"},
		"bridge: feed revoke needs an ID: bridge feed revoke ID\n":                                     {"feed", "revoke"},
		"bridge: item explain needs a UID: bridge item explain UID\n":                                  {"item", "explain"},
		"bridge: duplicate find needs a LINK or a COLLECTION: bridge duplicate find LINK|COLLECTION\n": {"duplicate", "find"},
		"bridge: sync show takes no \"2\": bridge sync show RUN\n":                                     {"sync", "show", "1", "2"},
		"bridge: sync run takes no \"2\": bridge sync run [LINK]\n":                                    {"sync", "run", "1", "2"},
		"bridge: version takes no \"x\": bridge version\n":                                             {"version", "x"},
	} {
		if out, code := p.cmd("", args...); code != 1 || out != want {
			t.Errorf("bridge %s: %d %q, want %q", strings.Join(args, " "), code, out, want)
		}
	}
	var each func(*cobra.Command)
	each = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			each(sub)
		}
		if use := strings.Fields(c.Use); !c.HasSubCommands() && len(use) > 1 && c.Args != nil && !strings.HasPrefix(use[1], "[") {
			words := strings.Fields(c.CommandPath())[1:]
			if out, code := p.cmd("", words...); code != 1 || !strings.Contains(out, " needs a") || !strings.Contains(out, c.CommandPath()+" "+use[1]) {
				t.Errorf("%s: %d %q", c.CommandPath(), code, out)
			}
		}
	}
	each(rootCommand(streams{}, nil))
}
