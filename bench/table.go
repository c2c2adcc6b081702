package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// table prints rows of cells as Markdown.
func table(b *strings.Builder, head []string, rows [][]string) {
	b.WriteString("| " + strings.Join(head, " | ") + " |\n|")
	for i := range head {
		if i == 0 {
			b.WriteString("---|")
		} else {
			b.WriteString("---:|")
		}
	}
	b.WriteString("\n")
	for _, r := range rows {
		b.WriteString("| " + strings.Join(r, " | ") + " |\n")
	}
	b.WriteString("\n")
}

// duration has three digits and a unit that suits.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return digits(float64(d)/float64(time.Microsecond)) + " µs"
	case d < time.Second:
		return digits(float64(d)/float64(time.Millisecond)) + " ms"
	}
	return digits(d.Seconds()) + " s"
}

func bytesOf(n uint64) string {
	const unit = 1024
	switch {
	case n < unit:
		return strconv.FormatUint(n, 10) + " B"
	case n < unit*unit:
		return digits(float64(n)/unit) + " KiB"
	}
	return digits(float64(n)/(unit*unit)) + " MiB"
}

func digits(v float64) string {
	switch {
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// number is n with a gap between thousands.
func number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

func times2(r float64) string {
	if r == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f×", r)
}

// orDash is s where there is something to say.
func orDash(there bool, s string) string {
	if there {
		return s
	}
	return "–"
}

// cells are the columns of the large table.
func (r row) cells() []string {
	return []string{
		r.name, number(uint64(r.size)), strconv.Itoa(len(r.times)), duration(r.times.median()), orDash(len(r.times) > 1, duration(r.times.p95())),
		orDash(len(r.floor) > 0, duration(r.floor.median())), times2(r.ratio()), orDash(r.allocs > 0, number(r.allocs)),
		orDash(r.memory > 0, bytesOf(r.memory)), orDash(r.answer > 0, bytesOf(uint64(r.answer))), //nolint:gosec // a length
		orDash(r.requests >= 0, strconv.Itoa(r.requests)),
	}
}

func header() []string {
	return []string{"operation", "objects", "rounds", "median", "p95", "floor", "of floor", "allocations", "allocated", "answer", "CRM requests"}
}
