package main

import (
	"errors"
	"strconv"
)

// count is the value of a flag that says how many, from 1 up.
type count struct{ to *int }

func newCount(to *int, def int) *count {
	*to = def
	return &count{to}
}

func (c *count) String() string {
	if c.to == nil { // of the zero value, which pflag asks for its text
		return "0"
	}
	return strconv.Itoa(*c.to)
}

func (*count) Type() string { return "int" }

func (c *count) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return errors.New("write a number from 1 up")
	}
	*c.to = n
	return nil
}

// once is the value of a flag of which a second one would silently win.
type once struct {
	to  *string
	set bool
}

func newOnce(to *string) *once { return &once{to: to} }

func (o *once) String() string {
	if o.to == nil {
		return ""
	}
	return *o.to
}

func (*once) Type() string { return "string" }

func (o *once) Set(s string) error {
	if o.set {
		return errors.New("it was given already; give it once")
	}
	*o.to, o.set = s, true
	return nil
}
