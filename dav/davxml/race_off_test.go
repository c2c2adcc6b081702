//go:build !race

package davxml

const slowed = 1

// tries is how often a measured test runs; the best counts.
const tries = 5
