package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"crmbridge/exchange/ews"
	"crmbridge/exchange/ews/ewssim"
	"crmbridge/exchange/graph"
	"crmbridge/exchange/graph/graphsim"
	"crmbridge/pim"
	"crmbridge/remote"
	"crmbridge/store"
	"crmbridge/upstream"
)

// mailServer is a simulated mail server with mailboxes, which are numbered.
type mailServer struct {
	driver  remote.Driver
	handler http.Handler
	// settings open a mailbox of the server at an address.
	settings func(base string, box int) remote.Settings
	// fill makes n events in a mailbox, as others than the bridge do.
	fill func(ctx context.Context, base string, box, n int) error
	// watches is how many connections or subscriptions there have been to tell of changes.
	watches func() int
	close   func() error
}

// mailKinds are the servers to measure with.
func mailKinds() []struct {
	name string
	open func(boxes int) (*mailServer, error)
} {
	return []struct {
		name string
		open func(boxes int) (*mailServer, error)
	}{{"simulated Exchange Server", openEWS}, {"simulated Microsoft 365", openGraph}}
}

// beginMail is when event i of a mailbox begins: within the year in which calendars of Microsoft 365 are read by default.
func beginMail(i, n int) time.Time {
	first := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -60)
	return first.Add(time.Duration(i) * 360 * 24 * time.Hour / time.Duration(n)).Truncate(time.Minute)
}

// repeats reports that event i is a series of ten weeks.
func repeats(i int) bool { return i%50 == 7 }

func mailTitle(i int) string { return fmt.Sprintf("Meeting %d about the budget", i) }

const mailNotes = "Agenda: where we are, where we want to be, who does what until when. Please bring last year's numbers."

func boxName(i int) string { return fmt.Sprintf("person%d@example.org", i) }

func openEWS(boxes int) (*mailServer, error) {
	o := ewssim.Options{Now: time.Now, MaxConcurrency: 100, MaxHanging: 100}
	for i := range boxes {
		o.Mailboxes = append(o.Mailboxes, ewssim.Mailbox{Address: boxName(i), Password: crmPassword})
	}
	sim, err := ewssim.New(o)
	if err != nil {
		return nil, err
	}
	return &mailServer{
		driver: ews.Driver(), handler: sim, close: sim.Close,
		settings: func(base string, box int) remote.Settings {
			return remote.Settings{"url": base, "user": boxName(box), "password": crmPassword}
		},
		fill:    fillEWS,
		watches: func() int { return sim.Counts()["GetStreamingEvents"] },
	}, nil
}

// fillBatch is how many events one request makes.
const fillBatch = 100

func fillEWS(ctx context.Context, base string, box, n int) error {
	for from := 0; from < n; from += fillBatch {
		var b strings.Builder
		b.WriteString(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" ` +
			`xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header><s:Body>` +
			`<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>`)
		for i := from; i < min(from+fillBatch, n); i++ {
			at := beginMail(i, n)
			fmt.Fprintf(&b, `<t:CalendarItem><t:Subject>%s</t:Subject><t:Body BodyType="Text">%s</t:Body><t:ReminderIsSet>false</t:ReminderIsSet><t:Start>%s</t:Start><t:End>%s</t:End>`,
				mailTitle(i), mailNotes, at.Format(time.RFC3339), at.Add(time.Hour).Format(time.RFC3339))
			if repeats(i) {
				fmt.Fprintf(&b, `<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>%s</t:DaysOfWeek></t:WeeklyRecurrence><t:NumberedRecurrence>`+
					`<t:StartDate>%s</t:StartDate><t:NumberOfOccurrences>10</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>`, at.Weekday(), at.Format(time.DateOnly))
			}
			b.WriteString(`</t:CalendarItem>`)
		}
		b.WriteString(`</m:Items></m:CreateItem></s:Body></s:Envelope>`)
		answer, err := posted(ctx, base+"/EWS/Exchange.asmx", "text/xml; charset=utf-8", []byte(b.String()), func(r *http.Request) { r.SetBasicAuth(boxName(box), crmPassword) })
		if err != nil || bytes.Contains(answer, []byte(`ResponseClass="Error"`)) {
			return fmt.Errorf("filling: %w: %.500s", err, answer)
		}
	}
	return nil
}

// graphApp is the application that the bridge is there.
const graphApp = "bench"

func openGraph(boxes int) (*mailServer, error) {
	var served atomic.Pointer[graph.Hub]
	web, err := listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { served.Load().ServeHTTP(w, r) }))
	if err != nil {
		return nil, err
	}
	hub := graph.NewHub(hubOptions(web.base + "/"))
	served.Store(hub)
	o := graphsim.Options{Now: time.Now, Rate: -1, Notify: http.DefaultClient.Do, PlainNotifications: true,
		Apps: []graphsim.App{{ID: graphApp, Secret: crmPassword, Permissions: []string{graphsim.CalendarsReadWrite, graphsim.ContactsReadWrite, graphsim.TasksReadWriteAll}}}}
	for i := range boxes {
		o.Users = append(o.Users, graphsim.User{Name: boxName(i)})
	}
	sim, err := graphsim.New(o)
	if err != nil {
		return nil, errors.Join(err, web.close())
	}
	return &mailServer{
		driver: graph.DriverWith(hub), handler: sim, close: func() error { return errors.Join(sim.Close(), web.close()) },
		settings: func(base string, box int) remote.Settings {
			return remote.Settings{"tenant": sim.Tenant(), "client_id": graphApp, "client_secret": crmPassword, "mailbox": boxName(box), "login_url": base, "graph_url": base}
		},
		fill: func(ctx context.Context, base string, box, n int) error {
			return fillGraph(ctx, base, sim.Tenant(), box, n)
		},
		// A subscription is made by each watch.
		watches: sim.Subscriptions,
	}, nil
}

// hubOptions are of a hub at an address, sealed with a key that is forgotten.
func hubOptions(address string) graph.HubOptions {
	key := []byte(rand.Text())
	sum := func(b []byte) []byte { m := hmac.New(sha256.New, key); m.Write(b); return m.Sum(nil) } //nolint:errcheck // a hash never fails
	return graph.HubOptions{
		URL: address, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Seal: func(b []byte) ([]byte, error) { return append(sum(b), b...), nil },
		Open: func(b []byte) ([]byte, error) {
			if len(b) < sha256.Size || !hmac.Equal(b[:sha256.Size], sum(b[sha256.Size:])) {
				return nil, errors.New("not ours")
			}
			return b[sha256.Size:], nil
		},
		Hint: func(context.Context, string) error { return nil },
	}
}

// stepsInBatch is how many requests a $batch holds.
const stepsInBatch = 20

func fillGraph(ctx context.Context, base, tenant string, box, n int) error {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {graphApp}, "client_secret": {crmPassword}, "scope": {"https://graph.microsoft.com/.default"}}
	answer, err := posted(ctx, base+"/"+tenant+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", []byte(form.Encode()), func(*http.Request) {})
	if err != nil {
		return err
	}
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &token); err != nil {
		return err
	}
	type object = map[string]any
	for from := 0; from < n; from += stepsInBatch {
		var steps []object
		for i := from; i < min(from+stepsInBatch, n); i++ {
			at := beginMail(i, n)
			moment := func(t time.Time) object {
				return object{"dateTime": t.Format("2006-01-02T15:04:05"), "timeZone": "UTC"}
			}
			event := object{"subject": mailTitle(i), "body": object{"contentType": "text", "content": mailNotes}, "isReminderOn": false, "start": moment(at), "end": moment(at.Add(time.Hour))}
			if repeats(i) {
				event["recurrence"] = object{"pattern": object{"type": "weekly", "interval": 1, "daysOfWeek": []string{strings.ToLower(at.Weekday().String())}},
					"range": object{"type": "numbered", "startDate": at.Format(time.DateOnly), "numberOfOccurrences": 10}}
			}
			steps = append(steps, object{"id": fmt.Sprint(i), "method": "POST", "url": "/users/" + boxName(box) + "/events", "headers": object{"Content-Type": "application/json"}, "body": event})
		}
		body, err := json.Marshal(object{"requests": steps})
		if err != nil {
			return err
		}
		answer, err := posted(ctx, base+"/v1.0/$batch", "application/json", body, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token.Access) })
		if err != nil {
			return fmt.Errorf("filling: %w", err)
		}
		if made := bytes.Count(answer, []byte(`"status":201`)); made != len(steps) {
			return fmt.Errorf("filling: %d of %d were made: %.500s", made, len(steps), answer)
		}
	}
	return nil
}

// posted is the answer to a POST.
func posted(ctx context.Context, address, kind string, body []byte, dress func(*http.Request)) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", kind)
	dress(r)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.500s", resp.Status, answer)
	}
	return answer, err
}

// session opens a mailbox by its driver, as a person's other program, and tells its calendar.
func (m *mailServer) session(ctx context.Context, base string, box int) (r remote.Remote, calendar remote.CollectionID, done func() error, err error) {
	client, err := upstream.New(upstream.Options{Now: time.Now, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		return nil, "", nil, err
	}
	r, err = m.driver.Open(ctx, remote.Env{HTTP: client, Now: time.Now, Log: slog.New(slog.DiscardHandler), Zone: "Europe/Berlin"}, m.settings(base, box))
	if err != nil {
		client.Close()
		return nil, "", nil, err
	}
	done = func() error { err := r.Close(); client.Close(); return err }
	cols, err := r.Collections(ctx)
	if err != nil {
		return nil, "", nil, errors.Join(err, done())
	}
	for _, c := range cols {
		if c.Kinds.Has(pim.KindEvent) {
			return r, c.ID, done, nil
		}
	}
	return nil, "", nil, errors.Join(errors.New("the mailbox has no calendar"), done())
}

// opened is a mailbox of n events behind a network in which each answer takes away.
func (m *mailServer) opened(n int, away time.Duration) (c *crm, err error) {
	ctx := context.Background()
	near, err := listen(m.handler)
	if err != nil {
		return nil, errors.Join(err, m.close())
	}
	f := &front{behind: m.handler, seen: &arrivals{}, away: away}
	web, err := listen(f)
	if err != nil {
		return nil, errors.Join(err, near.close(), m.close())
	}
	ends := []func() error{web.close, near.close, m.close}
	end := func() error {
		var errs []error
		for _, e := range ends {
			errs = append(errs, e())
		}
		return errors.Join(errs...)
	}
	if err := m.fill(ctx, near.base, 0, n); err != nil {
		return nil, errors.Join(err, end())
	}
	person, calendar, done, err := m.session(ctx, near.base, 0)
	if err != nil {
		return nil, errors.Join(err, end())
	}
	ends = append([]func() error{done}, ends...)
	return &crm{driver: m.driver, side: store.Exchange, remote: calendar, settings: m.settings(web.base, 0), watches: m.watches,
		retitle:  retitler(person, calendar),
		requests: func() (int, int64) { return int(f.requests.Load()), f.bytes.Load() }, close: end}, nil
}

// retitler changes titles of single events of the first page.
func retitler(r remote.Remote, calendar remote.CollectionID) func(i int, title string) error {
	var known []remote.Record
	return func(i int, title string) error {
		ctx := context.Background()
		if known == nil {
			d, err := r.Changes(ctx, calendar, remote.Scope{}, "")
			if err != nil {
				return err
			}
			for _, rec := range d.Changed {
				if pim.RecurrenceOf(rec.Item) == nil {
					known = append(known, rec)
				}
			}
			if known == nil {
				return errors.New("the first page has no single event")
			}
		}
		recs, err := r.Fetch(ctx, calendar, []remote.ItemID{known[i%len(known)].ID})
		if err != nil || len(recs) != 1 {
			return fmt.Errorf("%d events to change: %w", len(recs), err)
		}
		it := pim.Clone(recs[0].Item)
		e, ok := it.(*pim.Event)
		if !ok {
			return fmt.Errorf("a %s among events", it.Kind())
		}
		e.Title = title
		_, err = r.Update(ctx, calendar, recs[0].Ref, remote.Entry{Item: it}, pim.Set(pim.FieldTitle))
		return err
	}
}
