package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// firstSync is a calendar's first download as Thunderbird does it: what it is, what
// the server above it can do, all names by sync-collection at Depth 1, then the texts
// a hundred at a time. The time is that of the requests, without reading the answers.
type firstSync struct {
	took     time.Duration
	requests int
	bytes    int64
	objects  int
}

// agent is what Thunderbird calls itself; servers may treat it in a way of its own.
const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Thunderbird/153.7.0"

func (c *client) firstSync(ctx context.Context, base, path, parent string) (firstSync, error) {
	var f firstSync
	ask := func(do call, status int) ([]byte, error) {
		do.headers = append(do.headers, "User-Agent", agent, "Accept", "text/xml")
		var answer bytes.Buffer
		took, n, err := c.timed(ctx, base, do, status, &answer)
		f.took, f.requests, f.bytes = f.took+took, f.requests+1, f.bytes+n
		return answer.Bytes(), err
	}
	if _, err := ask(propfind(path, "0", "<resourcetype/><owner/><current-user-principal/><current-user-privilege-set/><supported-report-set/>"+
		"<C:supported-calendar-component-set/><CS:getctag/>"), http.StatusMultiStatus); err != nil {
		return f, err
	}
	_, _ = ask(call{method: http.MethodOptions, path: parent}, 0) // a refusal is an answer too
	answer, err := ask(reportOn(path, "1", xmlHead+`<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getcontenttype/><getetag/></prop></sync-collection>`),
		http.StatusMultiStatus)
	if err != nil {
		return f, err
	}
	names, err := readListing(answer)
	if err != nil {
		return f, err
	}
	members := names.objects(path)
	for rest := members; len(rest) > 0; rest = rest[min(asked, len(rest)):] {
		var hrefs []string
		for _, m := range rest[:min(asked, len(rest))] {
			hrefs = append(hrefs, m.href)
		}
		answer, err := ask(multigetOf(path, caldav(), hrefs), http.StatusMultiStatus)
		if err != nil {
			return f, err
		}
		f.objects += bytes.Count(answer, []byte("END:VCALENDAR"))
	}
	if f.objects != len(members) {
		return f, fmt.Errorf("the first sync fetched %d texts of %d objects", f.objects, len(members))
	}
	return f, nil
}

// firstSyncs is the row of it.
func (w *world) firstSyncs(ctx context.Context, o options) (r row, asked bool, err error) {
	r = row{name: "first sync as Thunderbird does it", size: w.size, requests: -1}
	if !o.only.MatchString(r.name) || o.profile != "" {
		return r, false, nil
	}
	for len(r.times) < 3 && (len(r.times) == 0 || r.times[0] < longTrial) {
		f, err := w.client.firstSync(ctx, w.web.base, w.calendar.path, "/dav/calendars/ann/")
		if err != nil {
			return r, false, err
		}
		// Rows before it have put some more.
		if f.objects < w.size {
			return r, false, fmt.Errorf("the first sync fetched %d of %d objects", f.objects, w.size)
		}
		r.times, r.answer = append(r.times, f.took), f.bytes
	}
	slices.Sort(r.times)
	return r, true, nil
}
