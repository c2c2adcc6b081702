package rrule

import "errors"

// ErrBudget says that expansion stopped because its steps were spent. What was found until then is right, but may
// not be all.
var ErrBudget = errors.New("rrule: too much to expand")

// Steps for one object and for one request, for callers without their own numbers. A step is a period looked at or
// an occurrence computed; it takes some microseconds at most.
const (
	ObjectSteps  = 10_000
	RequestSteps = 50_000
)

// Budget counts steps down. A nil *Budget stands for ObjectSteps new ones at each call. It is for one goroutine at a
// time.
type Budget struct {
	left   int
	free   int // of left, the first ones that the parent does not pay
	parent *Budget
}

// NewBudget returns a budget of so many steps, for a request say.
func NewBudget(steps int) *Budget { return &Budget{left: max(0, steps)} }

// Object returns a budget of at most so many steps that are also taken from b. Nil b limits nothing.
func (b *Budget) Object(steps int) *Budget { return b.ObjectAfter(steps, 0) }

// ObjectAfter is Object with the first free steps not taken from b: a look at a series that costs no more than reading
// its text. So a request over ten thousand plain series does not run out, and one over a few hard ones does.
func (b *Budget) ObjectAfter(steps, free int) *Budget {
	return &Budget{left: max(0, steps), free: max(0, free), parent: b}
}

// Left is how many steps can still be spent.
func (b *Budget) Left() int {
	if b == nil {
		return ObjectSteps
	}
	left := b.left
	if b.parent != nil {
		left = min(left, b.free+b.parent.Left())
	}
	return left
}

// Spend takes a step for work that a caller does itself, such as an occurrence that no rule gives; false when none is
// left. A nil budget is never spent.
func (b *Budget) Spend() bool { return b == nil || b.spend() }

func (b *Budget) spend() bool {
	switch {
	case b.left <= 0:
		return false
	case b.free > 0:
		b.free--
	case b.parent != nil && !b.parent.spend():
		return false
	}
	b.left--
	return true
}

// orDefault makes the budget of a call that was given nil.
func (b *Budget) orDefault() *Budget {
	if b == nil {
		return NewBudget(ObjectSteps)
	}
	return b
}
