package ews

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"crmbridge/internal/testenv"
)

// Every recorded request obeys Microsoft's schema.
func TestRequestsAgainstSchema(t *testing.T) {
	t.Parallel()
	schema := testenv.Shared(t, "schemas/ews/messages.xsd")[0]
	testenv.Need(t, "xmllint")
	files, err := filepath.Glob("testdata/requests/*.xml")
	if err != nil || len(files) < 25 {
		t.Fatalf("%d recorded requests, %v", len(files), err)
	}
	dir, args := t.TempDir(), []string{"--noout", "--nonet", "--schema", schema}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := operation.FindStringSubmatch(strings.ReplaceAll(string(b), ">\n<", "><"))
		if m == nil {
			t.Fatalf("%s has no operation", file)
		}
		one := filepath.Join(dir, filepath.Base(file))
		if err := os.WriteFile(one, []byte(m[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, one)
	}
	out, err := exec.CommandContext(t.Context(), "xmllint", args...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

var asks = regexp.MustCompile(`node\("m:((?:Sync|Find|Get|Create|Update|Delete|Move|Copy|Send|Subscribe|Unsubscribe|Convert|Resolve|Mark)[A-Za-z]*)"`)

// There is a recorded request of every operation that the driver can send.
func TestEveryOperationIsRecorded(t *testing.T) {
	t.Parallel()
	recorded, sent := map[string]bool{}, map[string]bool{}
	read := func(pattern string, take func(text string)) {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			take(string(b))
		}
	}
	read("testdata/requests/*.xml", func(text string) {
		if m := operation.FindStringSubmatch(strings.ReplaceAll(text, ">\n<", "><")); m != nil {
			recorded[m[2]] = true
		}
	})
	read("*.go", func(text string) {
		for _, m := range asks.FindAllStringSubmatch(text, -1) {
			sent[m[1]] = !strings.HasSuffix(m[1], "Id")
		}
	})
	for op, is := range sent {
		if is && !recorded[op] {
			t.Errorf("no request of %s is recorded", op)
		}
	}
	if len(sent) < 14 {
		t.Errorf("%d operations were found", len(sent))
	}
}
