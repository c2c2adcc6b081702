package ews

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	versioned = regexp.MustCompile(`<(?:t:ItemId|t:ReferenceItemId|m:ParentItemId) [^>]*>`)
	rule      = regexp.MustCompile(`ConflictResolution="([^"]*)"`)
)

// Every write of an item says which version it means, and an update is never to overwrite another one.
func TestEveryWriteNamesItsVersion(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/requests/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	updates, writes := 0, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(b), ">\n<", "><")
		op := operation.FindStringSubmatch(text)
		if op == nil {
			t.Fatalf("%s has no operation", file)
		}
		switch op[2] {
		case "UpdateItem":
			updates++
			if m := rule.FindAllStringSubmatch(text, -1); len(m) != 1 || m[0][1] != "NeverOverwrite" {
				t.Errorf("%s: %q", file, m)
			}
		case "CreateItem", "DeleteItem", "CreateAttachment":
		default:
			continue
		}
		for _, id := range versioned.FindAllString(text, -1) {
			writes++
			if !strings.Contains(id, ` ChangeKey="K0"`) {
				t.Errorf("%s: %s", file, id)
			}
		}
	}
	if updates < 8 || writes < 15 {
		t.Errorf("%d updates and %d ids were looked at", updates, writes)
	}
}
