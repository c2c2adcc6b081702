//go:build race

package davxml

// slowed is how much longer a test may take under the race detector.
const slowed = 20

const tries = 1
