package tz

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func mustResolve(t testing.TB, id string) Zone {
	t.Helper()
	zone, err := Resolve(id)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func parseWall(t testing.TB, s string) time.Time {
	t.Helper()
	wall, err := time.Parse(wallLayout, s)
	if err != nil {
		t.Fatal(err)
	}
	return wall
}

// RFC 5545 3.3.5, and its example of a reading that does not exist.
func TestInstant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ zone, wall, want string }{
		{"America/New_York", "20070311T023000", "20070311T073000Z"}, // gap, EST
		{"America/New_York", "20071104T013000", "20071104T053000Z"}, // overlap, the first, EDT
		{"America/New_York", "20071104T020000", "20071104T070000Z"}, // just after it
		{"Europe/Berlin", "20260329T015959", "20260329T005959Z"},
		{"Europe/Berlin", "20260329T020000", "20260329T010000Z"},
		{"Europe/Berlin", "20260329T023000", "20260329T013000Z"},
		{"Europe/Berlin", "20260329T030000", "20260329T010000Z"},
		{"Europe/Berlin", "20261025T015959", "20261024T235959Z"},
		{"Europe/Berlin", "20261025T020000", "20261025T000000Z"},
		{"Europe/Berlin", "20261025T025959", "20261025T005959Z"},
		{"Europe/Berlin", "20261025T030000", "20261025T020000Z"},
		{"Europe/Berlin", "20560701T120000", "20560701T100000Z"},
		{"Australia/Lord_Howe", "20261004T021500", "20261003T154500Z"}, // a gap of half an hour
		{"Pacific/Apia", "20111230T120000", "20111230T220000Z"},        // the day that Samoa skipped
		{"Pacific/Apia", "20111231T120000", "20111230T220000Z"},
		{"America/Sao_Paulo", "20181104T000000", "20181104T030000Z"}, // no midnight
		{"Pacific/Kwajalein", "19690930T120000", "19690930T010000Z"}, // the day that came twice
		{"Africa/Casablanca", "20260215T023000", "20260215T013000Z"},
		{"UTC", "20281231T235959", "20281231T235959Z"},
	} {
		got := Instant(parseWall(t, tt.wall), mustResolve(t, tt.zone).Loc)
		if text := got.UTC().Format("20060102T150405Z"); text != tt.want {
			t.Errorf("%s in %s = %s, want %s", tt.wall, tt.zone, text, tt.want)
		}
	}
	if got := Instant(time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)), nil); !got.Equal(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)) {
		t.Errorf("without a zone: %v", got)
	}
}

func anyZone(t *rapid.T) Zone {
	names := rapid.SampledFrom(canonicalNames())
	zone, err := Resolve(names.Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func canonicalNames() []string {
	var names []string
	for line := range splitLines(zonesText) {
		names = append(names, line)
	}
	return names
}

// The instant shows the reading unless it is skipped, no earlier one does, and a clock gives the same whatever it
// converted before.
func TestInstantProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := anyZone(t)
		clock := NewClock(zone.Loc)
		// Near a change of clocks more often than chance would have it.
		at := rapid.Int64Range(-2e9, 5e9).Draw(t, "at")
		if s := stretchAt(zone.Loc, at); s.end != farFuture && rapid.Bool().Draw(t, "near") {
			at = s.end
		}
		for range 8 {
			wall := at + rapid.Int64Range(-30*hour, 30*hour).Draw(t, "shift")
			unix, skipped := clock.Instant(wall)
			if plain := Instant(time.Unix(wall, 0).UTC(), zone.Loc).Unix(); plain != unix {
				t.Fatalf("clock %d, function %d", unix, plain)
			}
			shown := WallSeconds(time.Unix(unix, 0).In(zone.Loc))
			if skipped != (shown != wall) || shown < wall {
				t.Fatalf("%s: wall %d, skipped %v, shown %d", zone.Name, wall, skipped, shown)
			}
			for _, step := range []int64{1800, 3600, 7200, 86400} {
				if WallSeconds(time.Unix(unix-step, 0).In(zone.Loc)) == wall {
					t.Fatalf("%s: %d shows wall %d too, before %d", zone.Name, unix-step, wall, unix)
				}
			}
			if back := clock.Wall(unix); back != shown {
				t.Fatalf("Wall(%d) = %d, want %d", unix, back, shown)
			}
		}
	})
}

func BenchmarkInstant(b *testing.B) {
	zone := mustResolve(b, "Europe/Berlin")
	wall := time.Date(2045, 7, 1, 12, 0, 0, 0, time.UTC)
	for b.Loop() {
		Instant(wall, zone.Loc)
	}
}
