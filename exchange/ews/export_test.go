package ews

import (
	"time"

	"crmbridge/remote"
)

// AllowSilence is how long a stream of notifications of the mailbox may say nothing; before it is watched.
func AllowSilence(r remote.Remote, d time.Duration) {
	m := r.(watched).mail
	m.streams.of(m).silence = d
}
