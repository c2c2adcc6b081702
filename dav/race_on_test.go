//go:build race

package dav_test

// slowed is what the race detector makes the reading of a large body.
const slowed = 5
