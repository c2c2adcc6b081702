package ewssim

import (
	"bytes"
	"context"
	"os/exec"
	"testing"
	"time"

	"crmbridge/internal/testenv"
)

// TestExchangelib has an independent client library live through a life of items.
func TestExchangelib(t *testing.T) {
	t.Parallel()
	testenv.Need(t, "/usr/bin/python3", "/usr/lib/python3/dist-packages/exchangelib")
	r := newRig(t, Options{Now: time.Now, MaxFolders: 5, Accounts: []Account{{Login: "svc", Password: "svc-secret", Impersonates: []string{"*"}}}})
	content := bytes.Repeat(everyByte(), 4)
	r.deliver(Letter{From: "cid@example.org", To: []string{"ann@example.org", "bob@example.org"}, Subject: "Offer", Body: "<p>Grüße</p>", HTML: true, MessageID: "<offer@example.org>",
		At: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Categories: []string{"CRM"}, Files: []LetterFile{{Name: "ä.bin", Content: content},
			{Name: "Inner", Letter: &Letter{From: "dee@example.org", Subject: "Inner", Body: "deep"}}}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", "testdata/judge_exchangelib.py", r.srv.URL+"/EWS/Exchange.asmx", "ann@example.org", "ann-secret")
	cmd.Env = append(cmd.Environ(), "HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		for _, q := range r.Requests()[max(0, len(r.Requests())-2):] {
			t.Logf("%s: %s", q.Op, q.Body)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func everyByte() []byte {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return all
}
