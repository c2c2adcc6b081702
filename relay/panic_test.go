package relay

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestAPanicLogsNoText(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := &Engine{Log: slog.New(slog.NewTextHandler(&log, nil))}
	err := e.guarded("item", func() error { panic("cannot read: Visit to the doctor") })
	if err == nil || !strings.Contains(log.String(), "relay: panic") {
		t.Fatalf("%v, logged %q", err, log.String())
	}
	if strings.Contains(log.String()+err.Error(), "doctor") {
		t.Errorf("text of an item is told: %v\n%s", err, log.String())
	}
}
