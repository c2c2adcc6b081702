//go:build race

package line_test

// slowdown is how many times longer work may take under the race detector.
const slowdown = 20
