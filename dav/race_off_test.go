//go:build !race

package dav_test

// slowed is nothing without the race detector.
const slowed = 1
