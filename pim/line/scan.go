package line

// Scan cuts a text into the lines that Parse would make of it and makes only those that are asked for. It is for
// searches over many texts, of which few have what is looked for: most of what Parse costs is for lines that nobody
// looks at.
//
// Parse is the judge: Scan sees neither blocks nor limits, and goes over lines that Parse refuses.
type Scan struct {
	split   splitter
	group   string
	content string
	no      int
}

// NewScan begins at the first line of b.
func NewScan(b []byte) Scan { return Scan{split: newSplitter(string(b))} }

// Next goes to the next line that is not blank and gives its name as written, without its group; false at the end,
// and at a line without a colon or semicolon, which Parse refuses.
func (s *Scan) Next() (name string, ok bool) {
	for {
		var more bool
		_, s.content, s.no, more = s.split.next()
		if !more {
			return "", false
		}
		if s.content != "" {
			break
		}
	}
	i := headEnd(s.content)
	if i < 0 {
		return "", false
	}
	s.group, name = cutGroup(s.content[:i])
	return name, true
}

// Group is the group of the line that Next went to, as written; "" for none.
func (s *Scan) Group() string { return s.group }

// Line makes the line that Next went to, as Parse would.
func (s *Scan) Line(lim Limits) (*Line, error) {
	var r room
	return r.parseLine(s.content, s.no, lim.Params)
}

// Content is the line that Next went to, unfolded.
func (s *Scan) Content() string { return s.content }
