// Package upstream is the one outbound HTTP client.
package upstream

// Client is the outbound client of one connection.
type Client struct{}
