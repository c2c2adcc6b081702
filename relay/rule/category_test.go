package rule

import (
	"strings"
	"testing"

	"crmbridge/pim"
)

func TestRowB17Off(t *testing.T) {
	t.Parallel()
	on := &pim.Event{Activity: pim.Activity{Categories: []string{"Fairs", " crm "}}}
	off := &pim.Event{Activity: pim.Activity{Categories: []string{"Fairs"}}}
	for name, c := range map[string]struct {
		s    Switch
		says string // "" is on
	}{
		"new here":                     {Switch{Here: on}, ""},
		"new there":                    {Switch{There: on}, ""},
		"new without":                  {Switch{Here: off}, "does not carry"},
		"known to nobody":              {Switch{}, "does not carry"},
		"on both":                      {Switch{Here: on, There: on, HereWas: on, ThereWas: on, Carried: true}, ""},
		"put on here":                  {Switch{Here: on, There: off, HereWas: off, ThereWas: off, Carried: true}, ""},
		"put on there":                 {Switch{Here: off, There: on, HereWas: off, ThereWas: off, Carried: true}, ""},
		"taken away here":              {Switch{Here: off, There: on, HereWas: on, ThereWas: on, Carried: true}, "taken away here"},
		"taken away there":             {Switch{Here: on, There: off, HereWas: on, ThereWas: on, Carried: true}, "taken away on the remote"},
		"taken away on both":           {Switch{Here: off, There: off, HereWas: on, ThereWas: on, Carried: true}, "does not carry"},
		"deleted there":                {Switch{Here: on, HereWas: on, ThereWas: on, Carried: true}, ""},
		"taken away, and deleted":      {Switch{Here: off, HereWas: on, ThereWas: on, Carried: true}, "does not carry"},
		"deleted on both":              {Switch{HereWas: on, ThereWas: on, Carried: true}, ""},
		"at a first meeting":           {Switch{Here: off, There: on, Carried: true}, ""},
		"the remote has no categories": {Switch{Here: on, There: off, HereWas: on, ThereWas: off}, ""},
	} {
		got, says := Rules{Category: "CRM"}.Off(c.s)
		if got != (c.says != "") || !strings.Contains(says, c.says) {
			t.Errorf("%s: off %v, %q", name, got, says)
		}
	}
	if got, _ := (Rules{}).Off(Switch{Here: off}); got {
		t.Error("without the rule something is off")
	}
	for text, good := range map[string]bool{`{"category":"Key account"}`: true, `{"category":" CRM"}`: false, `{"category":"a\nb"}`: false} {
		if _, err := Parse([]byte(text)); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}
