package main

import (
	"fmt"
	"os"
)

// slowRoom is where answers lie whose clients are slow, and how much room they have.
type slowRoom struct {
	folder string
	memory bool // what lies there takes memory from everybody
	bytes  int64
}

// inMemory is how much smaller the room is in memory: 64 MiB by default, of a server that is to stay below 256.
const inMemory = 16

// slowAnswers chooses the folder: TMPDIR when the operator has named one, else the system's for large temporary files, and only
// then its usual one, which is memory on many systems. bytes is the setting limits.slow_answers.
func slowAnswers(env map[string]string, bytes int64) slowRoom {
	r := slowRoom{folder: env["TMPDIR"], bytes: bytes}
	if r.folder == "" {
		if r.folder = "/var/tmp"; writable(r.folder) != nil {
			r.folder = os.TempDir()
		}
	}
	if r.memory = memoryFolder(r.folder); r.memory {
		r.bytes /= inMemory
	}
	return r
}

// String implements fmt.Stringer, for doctor.
func (r slowRoom) String() string {
	on := "on disk"
	if r.memory {
		on = "in memory; TMPDIR can name a folder on a disk"
	}
	if err := writable(r.folder); err != nil {
		on = "but no file can be made there, so that very slow clients are cut off"
	}
	return fmt.Sprintf("up to %d MiB in %s, %s", r.bytes>>20, r.folder, on)
}
