package dav

import (
	"testing"

	"pgregory.net/rapid"

	"crmbridge/store"
)

// Groups hold every mark once, in order, and none is larger than allowed.
func TestGroupsOfMarks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := marks{}
		for _, device := range []string{"a", "b", "c"} {
			for _, id := range rapid.SliceOfN(rapid.Int64Range(1, 40), 0, 30).Draw(t, device) {
				m.add(device, []store.SeenMark{{Object: store.ObjectID(id), Seq: store.Seq(id * 2)}})
			}
		}
		most := rapid.IntRange(1, 12).Draw(t, "most")
		got, groups := marks{}, m.groups(most)
		for i, group := range groups {
			n := 0
			for _, part := range group {
				for j, mark := range part.list {
					if _, twice := got[part.device][mark.Object]; twice || mark.Seq != m[part.device][mark.Object] {
						t.Fatalf("%s: mark %+v is there twice or wrong", part.device, mark)
					}
					if j > 0 && part.list[j-1].Object >= mark.Object {
						t.Fatalf("%s: %d after %d", part.device, mark.Object, part.list[j-1].Object)
					}
					got.add(part.device, []store.SeenMark{mark})
				}
				n += len(part.list)
			}
			if n > most || n < most && i < len(groups)-1 {
				t.Fatalf("group %d of %d has %d marks, want %d", i, len(groups), n, most)
			}
		}
		for device := range m {
			if len(got[device]) != len(m[device]) {
				t.Fatalf("%s: %d marks of %d", device, len(got[device]), len(m[device]))
			}
		}
	})
}

// What is downloaded while marks are written waits for the end of that: transactions with the same rows would wait for each
// other.
func TestMarksAreWrittenByOne(t *testing.T) {
	t.Parallel()
	r := newRecorder(nil, nil)
	r.writing = marks{"a": {1: 1}}
	r.add("a", []store.SeenMark{{Object: 2, Seq: 2}})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer != nil {
		t.Fatal("a second flush is due beside the first")
	}
	r.writing = nil
	r.schedule()
	if r.timer == nil {
		t.Fatal("what was added meanwhile is not due")
	}
	if r.timer.Stop() {
		r.running.Done()
	}
}
