package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"

	"crmbridge/bench/sample"
)

// crowded is how many clients ask at once in the comparison.
const crowded = 10

// trials are the rows of a heat; those that change something come last.
func (v *visit) trials(ctx context.Context) []trial {
	var out []trial
	add := func(name string, a asking) {
		out = append(out, trial{name, func(ctx context.Context) result { return v.measure(ctx, a) }})
	}
	v.readTrials(add)
	v.monthTrials(add)
	out = append(out, trial{"first sync of the calendar as Thunderbird does it", v.firstSyncs})
	v.writeTrials(add)
	return append(out, trial{fmt.Sprintf("%d clients at once, 90 %% reads", crowded), v.crowd})
}

func (v *visit) readTrials(add func(string, asking)) {
	for _, k := range []struct {
		what, path string
		members    []member
		words      words
	}{{"event", v.calendar, v.events, caldav()}, {"card", v.book, v.cards, carddav()}} {
		at, round := counter(), counter()
		add("GET "+k.what, asking{next: func() call { return get(k.members[at()*7919%len(k.members)].href) }, judge: textsIn1})
		add("PROPFIND 1 of ETags, "+k.what+"s", asking{next: same(propfind(k.path, "1", "<getetag/>")), judge: v.counted(k.path, v.size)})
		if k.what == "event" {
			v.syncTrials(add)
		}
		add(fmt.Sprintf("multiget of %d %ss", asked, k.what), asking{judge: v.withTexts(k.path, asked), next: func() call {
			n, hrefs := round(), make([]string, asked)
			for i := range hrefs {
				hrefs[i] = k.members[(n*7919+i*(len(k.members)/asked))%len(k.members)].href
			}
			return multigetOf(k.path, k.words, hrefs)
		}})
	}
	add(fmt.Sprintf("addressbook-query by text, %d found", sample.Wanted),
		asking{next: same(searchFor(v.book, v.entrant.collation)), judge: v.withTexts(v.book, sample.Wanted)})
}

func (v *visit) syncTrials(add func(string, asking)) {
	absent := ""
	if v.token == "" || v.before == "" {
		absent = "has no sync token"
	}
	add("sync-collection, nothing changed", asking{next: same(syncReport(v.calendar, v.token)), judge: v.counted(v.calendar, 0), absent: absent})
	add(fmt.Sprintf("sync-collection, %d changed", touched), asking{next: same(syncReport(v.calendar, v.before)), judge: v.counted(v.calendar, touched), absent: absent})
	add("sync-collection, all", asking{next: same(syncReport(v.calendar, "")), judge: v.counted(v.calendar, v.size), absent: absent})
}

func (v *visit) monthTrials(add func(string, asking)) {
	var c sample.Calendar
	from, until := c.SteadyMonth()
	usual, usualEnd := c.UsualMonth()
	name := fmt.Sprintf("calendar-query, a month with %d events", sample.Standing+sample.Steady)
	add(name, asking{next: same(month(v.calendar, from, until, false)), judge: v.withTexts(v.calendar, -1)})
	add(name+", expanded", asking{next: same(month(v.calendar, from, until, true)), judge: func(answer []byte) result {
		if bytes.Contains(answer, []byte("RRULE")) {
			return result{why: "does not expand"}
		}
		return v.withTexts(v.calendar, -1)(answer)
	}})
	add("calendar-query, a month with 1/24 of all", asking{next: same(month(v.calendar, usual, usualEnd, false)), judge: v.withTexts(v.calendar, -1)})
}

// counted wants a listing with as many objects; -1: with some.
func (v *visit) counted(path string, want int) func([]byte) result {
	return func(answer []byte) result {
		l, err := readListing(answer)
		if err != nil {
			return result{why: "an answer that is no XML: " + err.Error()}
		}
		n := len(l.objects(path))
		if want >= 0 && n != want || want < 0 && n == 0 {
			return result{why: fmt.Sprintf("answers %s objects, not %s", number(uint64(n)), strings.TrimPrefix(number(uint64(max(want, 1))), "-"))} //nolint:gosec // counts
		}
		return result{objects: n}
	}
}

// withTexts wants the objects' texts too.
func (v *visit) withTexts(path string, want int) func([]byte) result {
	return func(answer []byte) result {
		r := v.counted(path, want)(answer)
		if n := bytes.Count(answer, []byte("END:VCALENDAR")) + bytes.Count(answer, []byte("END:VCARD")); r.why == "" && n < r.objects {
			r = result{why: fmt.Sprintf("answers %d texts of %d objects", n, r.objects)}
		}
		return r
	}
}

func textsIn1(answer []byte) result {
	if !bytes.Contains(answer, []byte("END:V")) {
		return result{why: "answers no text"}
	}
	return result{objects: 1}
}

func (v *visit) firstSyncs(ctx context.Context) result {
	path := strings.TrimSuffix(v.calendar, "/")
	var r result
	for range 3 {
		ctx, cancel := context.WithTimeout(ctx, syncLimit)
		f, err := v.client.firstSync(ctx, v.base, v.calendar, path[:strings.LastIndexByte(path, '/')+1])
		late := ctx.Err() != nil
		cancel()
		if late {
			return result{why: fmt.Sprintf("more than %s", syncLimit)}
		}
		if err != nil {
			return result{why: err.Error()}
		}
		if f.objects != v.size {
			return result{why: fmt.Sprintf("fetched %d of %d objects", f.objects, v.size)}
		}
		r.objects, r.times = f.objects, append(r.times, f.took)
		if f.took > longTrial {
			break
		}
	}
	return r
}

// writeTrials change every object once at most, so that its ETag is the one that was
// listed.
func (v *visit) writeTrials(add func(string, asking)) {
	for _, k := range []struct {
		what, path, mime string
		members          []member
		object           func(n, revision int) sample.Object
	}{{"event", v.calendar, icsType, v.events, sample.Calendar{}.Event}, {"card", v.book, vcfType, v.cards, sample.Book{}.Card}} {
		numbers := map[string]int{}
		for n := range v.size {
			numbers[k.object(n, 0).Name] = n
		}
		fresh, again := counter(), counter()
		add("PUT new "+k.what, asking{next: func() call { return put(k.path, k.mime, k.object(v.size+fresh(), 0), "") }})
		// The first ones stay as they are for what is fetched by many at once.
		some := k.members[len(k.members)/2:]
		add("PUT update of "+k.what, asking{most: len(some) - 1, next: func() call {
			m := some[again()]
			return put(k.path, k.mime, k.object(numbers[nameOf(m.href)], 1), m.etag)
		}})
		if k.what == "event" {
			gone := counter()
			some := k.members[len(k.members)/4 : len(k.members)/2]
			add("DELETE event", asking{most: len(some) - 1, next: func() call { return call{method: http.MethodDelete, path: some[gone()].href} }})
		}
	}
}

// crowd lets many programs of the one account work at once.
func (v *visit) crowd(ctx context.Context) result {
	first := v.events[:len(v.events)/4]
	hrefs := make([]string, len(first))
	for i, m := range first {
		hrefs[i] = m.href
	}
	fresh := counter()
	devices := make([]*device, crowded)
	for i := range devices {
		devices[i] = &device{client: v.newClient(), base: v.base, path: v.calendar, hrefs: hrefs, token: v.token, before: v.before,
			fresh: func() int { return v.size + 100_000 + fresh() }}
	}
	ctx, cancel := context.WithTimeout(ctx, v.o.span+requestLimit)
	defer cancel()
	l := together(ctx, devices, v.o.span)
	for _, d := range devices {
		d.client.close()
	}
	r := result{rate: l.rate()}
	if l.failed > 0 {
		r.note = fmt.Sprintf("%d of %d requests failed: %s", l.failed, l.failed+len(l.times), l.why)
		if l.failed*10 > len(l.times) {
			return result{why: r.note}
		}
	}
	return r
}
