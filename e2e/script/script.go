// Package script runs a program that drives a client library of another language, and makes each line that it prints a
// subtest.
package script

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"crmbridge/e2e/plain"
	"crmbridge/internal/testenv"
)

// Variables tell a program where it works: BASE_URL, USER_NAME, PASSWORD, CALENDAR and BOOK.
func Variables(target plain.Target) []string {
	return []string{"BASE_URL=" + target.Base, "USER_NAME=" + target.User, "PASSWORD=" + target.Password,
		"CALENDAR=" + target.Calendar, "BOOK=" + target.Book}
}

// Run runs a program in dir with only those variables and those of an ordinary user. It has to print "ok NAME" for each
// step that went well, "not ok NAME: REASON" for one that did not, and "end" when it is through: a program that stops
// half-way has failed whatever it printed before.
func Run(t *testing.T, dir string, variables []string, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(person(dir, os.Getenv("PATH")), variables...)
	out, err := cmd.CombinedOutput()
	steps, ended := parse(string(out))
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			if s.reason != "" {
				t.Error(s.reason)
			}
		})
	}
	if err := errors.Join(err, ctx.Err()); err != nil || !ended || len(steps) == 0 {
		t.Errorf("%s did not get to its end: %v\n%s", program, err, out)
	}
}

// Talk runs an interactive program in dir, gives it input line by line and returns what it said. variables are added to
// those of an ordinary user; a program that fails fails the test.
func Talk(t *testing.T, dir string, variables []string, input, program string, args ...string) string {
	t.Helper()
	path, err := testenv.Program(program)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, append(person(dir, "/usr/bin:/bin"), variables...), strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// person are the variables of an ordinary user whose home is dir.
func person(dir, path string) []string {
	return []string{"PATH=" + path, "HOME=" + dir, "LC_ALL=C.UTF-8", "TZ=UTC", "TERM=dumb", "PYTHONDONTWRITEBYTECODE=1"}
}

// step is what the program said about one of its steps; reason is "" when it went well.
type step struct{ name, reason string }

// parse reads the program's output; other lines are what the library says.
func parse(out string) (steps []step, ended bool) {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "ok "); ok {
			steps = append(steps, step{name: name})
		} else if rest, ok := strings.CutPrefix(line, "not ok "); ok {
			name, reason, _ := strings.Cut(rest, ": ")
			if reason == "" {
				reason = "no reason given"
			}
			steps = append(steps, step{name, reason})
		}
		ended = line == "end"
	}
	return steps, ended
}
