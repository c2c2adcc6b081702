//go:build !unix

package creatiosim

import "os"

// lockFile does nothing where there is no flock: two processes on one folder are then the operator's care.
func lockFile(*os.File) error { return nil }
