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
	parent *Budget
}

// NewBudget returns a budget of so many steps, for a request say.
func NewBudget(steps int) *Budget { return &Budget{left: max(0, steps)} }

// Object returns a budget of at most so many steps that are also taken from b. Nil b limits nothing.
func (b *Budget) Object(steps int) *Budget {
	return &Budget{left: max(0, steps), parent: b}
}

// Left is how many steps can still be spent.
func (b *Budget) Left() int {
	if b == nil {
		return ObjectSteps
	}
	left := b.left
	if b.parent != nil {
		left = min(left, b.parent.Left())
	}
	return left
}

func (b *Budget) spend() bool {
	for c := b; c != nil; c = c.parent {
		if c.left <= 0 {
			return false
		}
	}
	for c := b; c != nil; c = c.parent {
		c.left--
	}
	return true
}

// orDefault makes the budget of a call that was given nil.
func (b *Budget) orDefault() *Budget {
	if b == nil {
		return NewBudget(ObjectSteps)
	}
	return b
}
