package line_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"crmbridge/pim"
	"crmbridge/pim/line"
)

// corpus finds real calendars and cards of other programs: $BRIDGE_SHARED/corpus, else
// beside the repository. They are no part of it.
func corpus(t *testing.T, pattern string) []string {
	t.Helper()
	root := os.Getenv("BRIDGE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(root, "corpus", pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("SKIPPED: no files %s below %s; set BRIDGE_SHARED", pattern, root)
	}
	return files
}

func TestCorpusComesBackByteForByte(t *testing.T) {
	t.Parallel()
	refused := 0
	files := corpus(t, "*/*.[iv]c[sf]")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text, err := line.Parse(b, line.DefaultLimits())
		if err != nil {
			refused++
			var e *pim.Error
			if !errors.As(err, &e) || e.Public == "" {
				t.Errorf("%s: %v is no clear error", filepath.Base(f), err)
			}
			t.Logf("%s: %v", filepath.Base(f), err)
			continue
		}
		if got := text.Bytes(); !bytes.Equal(got, b) {
			t.Errorf("%s: came back different", filepath.Base(f))
		}
	}
	t.Logf("%d files, %d refused", len(files), refused)
	if refused*5 > len(files) {
		t.Errorf("%d of %d files refused", refused, len(files))
	}
}
