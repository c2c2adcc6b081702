package dav

// Indexed waits until the index of words has all that was asked for.
func (h *Handler) Indexed() { h.words.wait() }
