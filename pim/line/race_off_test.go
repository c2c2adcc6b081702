//go:build !race

package line_test

// slowdown is how many times longer work may take than on a free machine.
const slowdown = 1
