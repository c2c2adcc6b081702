//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

// await waits until ok returns nil.
func await(t *testing.T, what string, ok func() error) {
	t.Helper()
	testenv.Until(t, 45*time.Second, what, ok)
}

// sees waits until a person sees, after a sync if need be, an entry with that name, and returns it.
func sees(t *testing.T, p person, list func(*testing.T) map[string]item, name string) (found item) {
	t.Helper()
	if entry, there := list(t)[name]; there {
		return entry
	}
	await(t, fmt.Sprintf("%q in the client", name), func() error {
		p.sync(t)
		entry, there := list(t)[name]
		if !there {
			return fmt.Errorf("it has %d others", len(list(t)))
		}
		found = entry
		return nil
	})
	return found
}

// misses waits until a person no longer sees an entry with that name.
func misses(t *testing.T, p person, list func(*testing.T) map[string]item, name string) {
	t.Helper()
	await(t, fmt.Sprintf("the end of %q in the client", name), func() error {
		p.sync(t)
		if _, there := list(t)[name]; there {
			return errors.New("still there")
		}
		return nil
	})
}

func holds(text, part string) error {
	if !strings.Contains(text, part) {
		return fmt.Errorf("%q is not in %q", part, text)
	}
	return nil
}

func lacks(text string) error {
	if text != "" {
		return fmt.Errorf("still there: %s", text)
	}
	return nil
}
