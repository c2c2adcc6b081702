package creatio

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"crmbridge/crm"
	"crmbridge/pim"
)

// A fault of ours in one of several requests fails the call and not the process,
// and what it was about stays out of the log.
func TestPanicInParallel(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := &connector{env: crm.Env{Log: slog.New(slog.NewTextHandler(&log, nil))}}
	done := make([]bool, 3)
	err := c.parallel(t.Context(), "creatio: test", len(done), func(_ context.Context, i int) error {
		if i == 1 {
			panic("text of an item")
		}
		done[i] = true
		return nil
	})
	if pim.ReasonOf(err) != pim.ErrInternal || !done[0] || !done[2] {
		t.Errorf("%v, done %v", err, done)
	}
	if s := log.String(); !strings.Contains(s, "parallel_test.go") || strings.Contains(s, "text of an item") {
		t.Errorf("the log says %s", s)
	}
}
