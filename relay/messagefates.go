package relay

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"crmbridge/pim"
	"crmbridge/relay/rule"
	"crmbridge/store"
)

// fates are what became of the files of a message (store.Pair.Files).
type fates struct {
	Files []fate `json:"files,omitempty"`
	// More is how many there are beyond those.
	More int `json:"more,omitempty"`
	// Taken: the message is another person's activity, which this user may not see.
	Taken bool `json:"taken,omitempty"`
}

// fate is what became of one of them: nothing yet, Done, or why it was left out.
type fate struct {
	Name string `json:"name"`
	Key  string `json:"key"`
	Size int64  `json:"size,omitempty"` // bytes
	Done bool   `json:"done,omitempty"`
	Says string `json:"says,omitempty"`
	// Beyond is which bounds of the rules left it out; nil when something else did.
	Beyond *bounds `json:"beyond,omitempty"`
}

// bounds are those of the rules on one file and on all of a message, in bytes.
type bounds struct {
	File int64 `json:"file"`
	All  int64 `json:"all"`
}

func boundsOf(r rule.Rules) bounds { return bounds{r.FileBytes(), r.FilesBytes()} }

// wider reports bounds that may let through what others did not.
func (b bounds) wider(than bounds) bool {
	return b.File > 0 && (b.File > than.File || b.All > than.All)
}

func (f fate) settled() bool { return f.Done || f.Says != "" }

func fatesOf(p store.Pair) (f fates, err error) {
	if p.Files == "" {
		return f, nil
	}
	if err := json.Unmarshal([]byte(p.Files), &f); err != nil {
		return f, pim.Wrap("relay: files", pim.ErrInternal, err)
	}
	return f, nil
}

// reopen has files taken up again that narrower bounds left out, and tells whether there are any.
func (f *fates) reopen(now bounds) bool {
	any := false
	for i := range f.Files {
		if x := &f.Files[i]; x.Beyond != nil && now.wider(*x.Beyond) {
			x.Says, x.Beyond, any = "", nil, true
		}
	}
	return any
}

// retakeFiles has files that were left out, for whatever reason, taken up again: a person says that it may be another one by now.
func retakeFiles(p *store.Pair, now time.Time) error {
	f, err := fatesOf(*p)
	if err != nil {
		return err
	}
	left := false
	for i := range f.Files {
		if x := &f.Files[i]; x.Says != "" && x.Key != "" {
			x.Says, x.Beyond, left = "", nil, true
		}
	}
	if !left {
		return nil
	}
	p.FilesAt = &now
	p.Files, err = f.text()
	return err
}

func (f fates) text() (string, error) {
	b, err := json.Marshal(f)
	return string(b), err
}

// fateful are the files of a message before anything was done, with the keys that they have in every mailbox.
func fateful(uid string, m *pim.Message) (f fates) {
	seen := map[string]int{}
	for _, x := range m.Files {
		name := keyName(x.Name)
		seen[name]++
		key := uuid.NewSHA1(uidNames, []byte("file\x00"+uid+"\x00"+name+"\x00"+strconv.Itoa(seen[name]))).String()
		f.Files = append(f.Files, fate{Name: pim.FileName(x.Name, nameMost), Key: key, Size: x.Size})
	}
	f.More = m.MoreFiles
	return f
}

// moreFiles tells of files beyond those that a message brings.
func moreFiles(n int) string {
	if n == 1 {
		return fmt.Sprintf("one more file was left out: a message brings %d at most", pim.FilesLimit)
	}
	return fmt.Sprintf("%d more files were left out: a message brings %d at most", n, pim.FilesLimit)
}

// filesWords tells of the files of a message.
func filesWords(p store.Pair) ([]string, error) {
	f, err := fatesOf(p)
	if err != nil {
		return nil, err
	}
	var out []string
	if f.Taken {
		out = append(out, "The CRM has it as an activity of another person, which this user may not see; nothing is made a second time.")
	}
	done, open := 0, 0
	for _, x := range f.Files {
		switch {
		case x.Done:
			done++
		case x.Says != "":
			out = append(out, fmt.Sprintf("The file %q was left out: %s.", x.Name, x.Says))
		default:
			open++
		}
	}
	if words := moreFiles(f.More); f.More > 0 {
		out = append(out, strings.ToUpper(words[:1])+words[1:]+".")
	}
	switch {
	case done == 1:
		out = append(out, "One file is in the CRM.")
	case done > 1:
		out = append(out, fmt.Sprintf("%d files are in the CRM.", done))
	}
	if p.FilesAt != nil {
		out = append(out, fmt.Sprintf("Its files (%d) are to be taken over, from %s on.", open, p.FilesAt.UTC().Format(time.RFC3339)))
	}
	return out, nil
}

// nameMost is how many characters of a file's name are kept.
const nameMost = 200

// keyName is what the key of a file is made of. It stays as it is, for a file with another key would be sent a second time; people are shown
// pim.FileName.
func keyName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	if len([]rune(name)) > nameMost {
		// The end tells what it is.
		ext := path.Ext(name)
		if len([]rune(ext)) > 20 {
			ext = ""
		}
		name = string([]rune(name)[:nameMost-len([]rune(ext))]) + ext
	}
	if name == "" {
		return "file"
	}
	return name
}
