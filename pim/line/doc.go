// Package line is the content-line layer that iCalendar (RFC 5545 3.1) and vCard
// (RFC 6350 3.2, RFC 2426) share. It reads text into a tree of blocks and lines and
// gives back exactly the bytes it read wherever nothing was edited: folding however
// odd, LF, CRLF or lone CR, a byte order mark, blank lines, a missing last line end.
//
//	limits.go  Limits, checked before work is done
//	parse.go   Parse: bytes to Text, in linear time, never a panic
//	scan.go    Scan: the lines one by one, made only when asked for
//	split.go   physical lines to logical ones: line ends, folding, soft breaks
//	head.go    group, name and parameters of a line (RFC 6868 included)
//	tree.go    Text, Block, Part: the tree, its queries and its edits
//	line.go    Line, Param: one content line and its edited copies
//	print.go   Bytes: kept bytes as they are, new lines folded at 75 octets
//	escape.go  TEXT values: escaping, lists, structured values
//	fault.go   Fault: a rule of the format that a text breaks
//	filter.go match.go  TextMatch, ParamFilter: the text tests of queries
//
// A Text and its Blocks are values in spirit: who edits takes a Clone first. Lines
// are immutable; an edit makes another Line and leaves every other line alone.
//
// What names and values mean is not known here (packages pim/ics and pim/vcf).
package line
