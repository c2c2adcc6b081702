package graph

import "crmbridge/remote"

// KeysHeld is how many keys of items a connection holds in memory.
func KeysHeld(r remote.Remote) (n int) {
	c, _ := remote.As[*connector](r)
	c.rings.mu.Lock()
	defer c.rings.mu.Unlock()
	for _, r := range c.rings.of {
		n += len(r.keys)
	}
	return n
}
