package main

// heapFloor is memory that is never touched, for the server to hold on to while it runs; nil when the operator has settings
// for the collector in the environment.
//
// The collector runs when the heap has grown by as much as lived after the last time. With few accounts 10 MiB live, and a
// busy server collects a dozen times a second, marking everything, for garbage of a few requests. What is held here counts as
// living, so that this heap may grow by so much more between two runs. The system gives memory only for pages that are
// written to: what it costs is the garbage that is not collected yet, as many bytes as this, also when heaps are large.
func heapFloor(env map[string]string) []byte {
	if env["GOGC"] != "" || env["GOMEMLIMIT"] != "" {
		return nil
	}
	return make([]byte, 32<<20)
}
