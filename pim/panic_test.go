package pim_test

import (
	"errors"
	"testing"

	"crmbridge/pim"
)

func TestPanicWordsTellNothingOfItems(t *testing.T) {
	t.Parallel()
	caught := func(f func()) (v any) {
		defer func() { v = recover() }()
		f()
		return nil
	}
	none := []int{}
	for _, c := range []struct {
		f    func()
		want string
	}{
		{func() { panic("Visit to the doctor") }, "string"},
		{func() { panic(errors.New("Visit to the doctor")) }, "*errors.errorString"},
		{func() { _ = none[len(none)] }, "runtime error: index out of range [0] with length 0"},
	} {
		if got := pim.PanicWords(caught(c.f)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
