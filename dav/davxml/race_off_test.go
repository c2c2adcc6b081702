//go:build !race

package davxml

const slowed = 1
