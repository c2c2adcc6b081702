package several

import "time"

// LookEvery has a Watch look for new collections more often.
func (f *Folders) LookEvery(d time.Duration) { f.every = d }
