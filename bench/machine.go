package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// machine names where the numbers come from.
func machine() string {
	return fmt.Sprintf("%d cores (%s), %s memory, %s, %s/%s, %s", runtime.NumCPU(), processor(), memoryOf(), system(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// fact is the value after a key in a file of "key: value" or "key=value" lines, ""
// where there is none.
func fact(path, key string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for l := range strings.Lines(string(b)) {
		i := strings.IndexAny(l, ":=")
		if i > 0 && strings.TrimSpace(l[:i]) == key {
			return strings.Trim(strings.TrimSpace(l[i+1:]), `"`)
		}
	}
	return ""
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func processor() string { return or(fact("/proc/cpuinfo", "model name"), "unnamed processor") }

func system() string {
	name := or(fact("/etc/os-release", "PRETTY_NAME"), runtime.GOOS)
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		name += ", kernel " + strings.TrimSpace(string(b))
	}
	return name
}

func memoryOf() string {
	var kib uint64
	if _, err := fmt.Sscanf(fact("/proc/meminfo", "MemTotal"), "%d kB", &kib); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
}

// load is the number of processes that wanted to run in the last minute: much above
// 1 on two cores, others took part of the machine.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}
