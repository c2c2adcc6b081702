package line

// Limits bounds what Parse takes. A zero field means no limit of that kind;
// DefaultLimits is what servers use (SECURITY.md 2).
type Limits struct {
	Bytes      int // of the whole text
	LineBytes  int // of one line, unfolded
	Properties int // content lines, BEGIN and END included
	Depth      int // blocks in blocks
	Params     int // parameter values of one line
}

// DefaultLimits is 1 MiB a text and 1 MB a line, 10 000 properties, 16 levels and
// 200 parameter values a line.
func DefaultLimits() Limits {
	return Limits{Bytes: 1 << 20, LineBytes: 1_000_000, Properties: 10_000, Depth: 16, Params: 200}
}
