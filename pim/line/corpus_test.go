package line_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"crmbridge/internal/testenv"
	"crmbridge/pim"
	"crmbridge/pim/line"
)

func TestCorpusComesBackByteForByte(t *testing.T) {
	t.Parallel()
	refused := 0
	files := testenv.Shared(t, "corpus/*/*.[iv]c[sf]")
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
