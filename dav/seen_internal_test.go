package dav

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"crmbridge/store"
)

// Groups hold the latest mark of each object once, in order, and none is larger than allowed.
func TestGroupsOfMarks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, want := marks{}, map[string]map[store.ObjectID]store.Seq{}
		for _, device := range []string{"a", "b", "c"} {
			want[device] = map[store.ObjectID]store.Seq{}
			for _, id := range rapid.SliceOfN(rapid.Int64Range(1, 400), 0, 30).Draw(t, device) {
				s := store.SeenMark{Object: store.ObjectID(id % 40), Seq: store.Seq(id)}
				m.add(device, []store.SeenMark{s})
				want[device][s.Object] = max(want[device][s.Object], s.Seq)
			}
		}
		most := rapid.IntRange(1, 12).Draw(t, "most")
		groups := slices.Collect(m.groups(most))
		for i, group := range groups {
			n := 0
			for _, part := range group {
				for j, mark := range part.list {
					if want[part.device][mark.Object] != mark.Seq {
						t.Fatalf("%s: mark %+v is there twice or wrong", part.device, mark)
					}
					delete(want[part.device], mark.Object)
					if j > 0 && part.list[j-1].Object >= mark.Object {
						t.Fatalf("%s: %d after %d", part.device, mark.Object, part.list[j-1].Object)
					}
				}
				n += len(part.list)
			}
			if n > most || n < most && i < len(groups)-1 {
				t.Fatalf("group %d of %d has %d marks, want %d", i, len(groups), n, most)
			}
		}
		for device, left := range want {
			if len(left) > 0 {
				t.Fatalf("%s: %v are missing", device, left)
			}
		}
	})
}

// What a device downloads again and again takes no more room each time, though nothing of it can be written.
func TestMarksOfTheSameObjects(t *testing.T) {
	t.Parallel()
	m := marks{}
	for seq := range store.Seq(3 * repeatsKept) {
		m.add("a", []store.SeenMark{{Object: store.ObjectID(seq % 10), Seq: seq + 1}})
	}
	if n := m["a"].count; n > repeatsKept+20 {
		t.Errorf("%d marks of ten objects", n)
	}
	if list := m.list("a"); len(list) != 10 || list[9] != (store.SeenMark{Object: 9, Seq: 3 * repeatsKept}) {
		t.Errorf("%+v", list)
	}
}

// What is downloaded while marks are written waits for the end of that: transactions with the same rows would wait for each
// other.
func TestMarksAreWrittenByOne(t *testing.T) {
	t.Parallel()
	r := newRecorder(nil, nil)
	r.writing = marks{}
	r.writing.add("a", []store.SeenMark{{Object: 1, Seq: 1}})
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
