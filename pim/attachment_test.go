package pim_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

func file(name, content string) pim.Attachment {
	return pim.NewAttachment(name, "text/plain", []byte(content))
}

func withFiles(all ...pim.Attachment) *pim.Event {
	return &pim.Event{Activity: pim.Activity{Title: "Visit", Attachments: all}}
}

func attachmentField(t *testing.T) pim.Field {
	f, ok := pim.FieldByID(pim.FieldAttachments)
	if !ok {
		t.Fatal("there is no such field")
	}
	return f
}

func TestAttachmentsAreToldByNameAndSize(t *testing.T) {
	t.Parallel()
	f := attachmentField(t)
	it := withFiles(file("offer.txt", "secret words"), pim.Attachment{Name: "plan.zip", Size: 3_200_000}, file("", strings.Repeat("x", 1500)))
	if got, want := f.Show(it), "file without a name (1.5 kB)\noffer.txt (12 bytes)\nplan.zip (3.2 MB) not carried"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if text := f.Text(it); strings.Contains(text, "secret") || strings.Contains(text, "plan.zip") {
		t.Errorf("the canonical text is %q", text)
	}
	if got := pim.AttachmentsOf(pim.Mask(it, "Private")); len(got) != 0 {
		t.Errorf("a masked item shows %v", got)
	}
	b, err := json.Marshal(it)
	if err != nil {
		t.Fatal(err)
	}
	var back pim.Event
	if err := json.Unmarshal(b, &back); err != nil || !pim.Equal(it, &back, pim.AllOf(pim.KindEvent)) || string(back.Attachments[0].Bytes) != "secret words" {
		t.Errorf("%v: it comes back as %+v", err, back.Attachments)
	}
}

func TestAttachmentsAreTheSeriesOwn(t *testing.T) {
	t.Parallel()
	e := withFiles(file("a", "a"))
	e.Start, e.End = pim.On(2026, 5, 4), pim.On(2026, 5, 5)
	e.Recurrence = &pim.Recurrence{Rules: []string{"FREQ=DAILY"}}
	if got := pim.AttachmentsOf(pim.OwnOccurrence(e, pim.On(2026, 5, 6))); len(got) != 0 {
		t.Errorf("an occurrence has %v", got)
	}
}

func TestCarry(t *testing.T) {
	t.Parallel()
	const most = pim.MaxAttachments
	got := pim.Carry([]int64{10, most, 0, most - 20, -1, 11, 10, 1})
	if want := []bool{true, false, false, true, false, false, true, false}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAttachmentsMergeInParts(t *testing.T) {
	t.Parallel()
	a, a2, b, c, big := file("a", "1"), file("a", "2"), file("b", "1"), file("c", "1"), file("big", "1")
	named := big.Named()
	all := func(of ...pim.Attachment) []pim.Attachment { return of }
	for name, x := range map[string]struct {
		baseMine, mine, baseTheirs, theirs, want []pim.Attachment
		collides                                 bool
	}{
		"one more here":                               {all(a), all(a, b), all(a), all(a), all(a, b), false},
		"one less there":                              {all(a, b), all(a, b), all(a, b), all(a), all(a), false},
		"both add":                                    {nil, all(a), nil, all(b), all(a, b), false},
		"two of one name, one more here":              {all(a, a2), all(a, a2, b), all(a, a2, c), all(a, a2, c), all(a, a2, b, c), false},
		"two of one name, one less there":             {all(a, a2), all(a, a2, b), all(a, a2), all(a2), all(a2, b), false},
		"one file twice":                              {all(a), all(a, b), all(a, c), all(a, a, c), all(a, b, c), false},
		"both add the same":                           {nil, all(a), nil, all(a), all(a), false},
		"both add others of one name":                 {nil, all(a), nil, all(a2), nil, true},
		"changed here, gone there":                    {all(a), all(a2), all(a), nil, nil, true},
		"what was not kept there is not gone":         {all(a, b), all(a, b, c), all(a), all(a), all(a, b, c), false},
		"what is only there stays":                    {all(a), nil, all(a, b), all(a, b), all(b), false},
		"what is there and not carried any more":      {all(a, big), all(a, big), all(a, big), all(a, named), all(a, big), false},
		"what is here and not carried any more":       {all(big), all(named, b), all(big), all(big), all(big, b), false},
		"taken away here, though not carried there":   {all(a, big), all(a), all(a, big), all(a, named), all(a), false},
		"what was never carried is no part of either": {all(named), all(named, a), all(named), all(named), all(a), false},
	} {
		into := pim.Clone(withFiles(x.mine...))
		ok := attachmentField(t).Parts(withFiles(x.baseMine...), withFiles(x.mine...), withFiles(x.baseTheirs...), withFiles(x.theirs...), into)
		if ok == x.collides {
			t.Errorf("%s: collision %v", name, !ok)
		}
		if ok && !pim.Equal(into, withFiles(x.want...), pim.Set(pim.FieldAttachments)) {
			t.Errorf("%s: got %v", name, attachmentField(t).Show(into))
		}
	}
}

// TestAttachmentsComeThrough: of files that one side alone changed, nothing else is lost on either.
func TestAttachmentsComeThrough(t *testing.T) {
	t.Parallel()
	f := attachmentField(t)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) []pim.Attachment {
			var out []pim.Attachment
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), rapid.ID).Draw(t, label) {
				out = append(out, file(name, rapid.SampledFrom([]string{"1", "2"}).Draw(t, label+" "+name)))
			}
			return out
		}
		base, mine := draw("base"), draw("mine")
		into := pim.Clone(withFiles(mine...))
		if !f.Parts(withFiles(base...), withFiles(mine...), withFiles(base...), withFiles(base...), into) || !f.Equal(into, withFiles(mine...)) {
			t.Fatalf("changed here alone: got %q", f.Show(into))
		}
		into = pim.Clone(withFiles(base...))
		if !f.Parts(withFiles(base...), withFiles(base...), withFiles(base...), withFiles(mine...), into) || !f.Equal(into, withFiles(mine...)) {
			t.Fatalf("changed there alone: got %q", f.Show(into))
		}
	})
}
