// Package sample makes calendars and address books of any size for measuring: what
// people keep, in the shape in which clients write it.
//
//	events.go  Calendar: events spread over two years
//	cards.go   Book: cards
//	words.go   what they are about
//	text.go    content lines
//
// The nth object depends on n alone, so that it can be made again, changed or left
// out without keeping the others. The people are invented, their addresses are at
// example.org and their telephone numbers from ranges set aside for fiction.
package sample

import "math/rand/v2"

// Object is one resource as a client sends it.
type Object struct {
	Name string // last path segment
	UID  string
	Text []byte
}

// seeds of the two kinds; any number does, as long as it stays.
const (
	eventSeed = 0x5EED0001
	cardSeed  = 0x5EED0002
)

func chance(seed uint64, n int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(n))) }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
