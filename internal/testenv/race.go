//go:build race

package testenv

// Race says that the race detector looks on, which makes calculations ten times as slow. Who tries thousands of cases one after
// another may try a part of them then.
const Race = true
