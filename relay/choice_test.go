package relay

import (
	"strings"
	"testing"

	"crmbridge/pim"
)

// What is to be taken is said once for each field: two words about one thing are a mistake, and which of them holds is not for us to
// guess.
func TestChoicesSayThingsOnce(t *testing.T) {
	t.Parallel()
	for word, says := range map[string]string{
		"title=mine,title=theirs": `the field "title" is there twice`,
		"title=mine,title=mine":   `the field "title" is there twice`,
		"mine,theirs":             "two sides for all fields",
		"mine,title=theirs,mine":  "two sides for all fields",
	} {
		if c, err := ParseChoice(word); pim.ReasonOf(err) != pim.ErrInvalid || !strings.Contains(pim.PublicText(err), says) {
			t.Errorf("%s: %v, %v", word, c, err)
		}
	}
	if c, err := ParseChoice("mine,title=theirs,notes=mine"); err != nil || c.String() != "mine,notes=mine,title=theirs" {
		t.Errorf("%v, %v", c, err)
	}
}
