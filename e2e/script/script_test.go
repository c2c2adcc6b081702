package script

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	steps, ended := parse("chatter\nok one\nnot ok two: broke: badly\nnot ok three\nend\n")
	if want := []step{{"one", ""}, {"two", "broke: badly"}, {"three", "no reason given"}}; !slices.Equal(steps, want) || !ended {
		t.Errorf("%+v %v", steps, ended)
	}
	if _, ended := parse("ok one\nend\nTraceback\n"); ended {
		t.Error("something came after the end")
	}
}
