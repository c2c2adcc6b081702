//go:build unix

package creatiosim

import (
	"os"
	"syscall"
)

// lockFile keeps a second process out; the lock goes with the file, also when the process dies.
func lockFile(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
