package ewssim

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func subscribeText(events string) string {
	return `<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id="calendar"/></t:FolderIds><t:EventTypes>` + events + `</t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>`
}

const allEvents = `<t:EventType>CreatedEvent</t:EventType><t:EventType>ModifiedEvent</t:EventType><t:EventType>DeletedEvent</t:EventType>`

func streamText(ids ...string) string {
	var list string
	for _, id := range ids {
		list += `<t:SubscriptionId>` + id + `</t:SubscriptionId>`
	}
	return `<m:GetStreamingEvents><m:SubscriptionIds>` + list + `</m:SubscriptionIds><m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>`
}

// pieces reads a stream's envelopes one by one.
func pieces(body io.Reader) func() *node {
	in := bufio.NewReader(body)
	return func() *node {
		var text strings.Builder
		for !strings.HasSuffix(text.String(), "</s:Envelope>") {
			b, err := in.ReadByte()
			if err != nil {
				return nil
			}
			text.WriteByte(b)
		}
		n, err := parseXML([]byte(text.String()))
		if err != nil {
			return nil
		}
		return messages(n.kid("Body").first())[0]
	}
}

// TestStreaming: events as they come, heartbeats, and the end.
func TestStreaming(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Heartbeat: 20 * time.Millisecond, MaxHanging: 1})
	id := r.ok(subscribeText(allEvents)).str("SubscriptionId")
	res := r.post(streamText(id))
	defer res.Body.Close()
	next := pieces(res.Body)
	if n := next(); n.str("ConnectionStatus") != "OK" {
		t.Fatalf("first %v", n)
	}
	r.want("ErrorExceededConnectionCount", streamText(id))
	made := r.create("", plainEvent)
	r.create("", `<t:Task/>`) // another folder
	events := map[string]int{}
	for events["CreatedEvent"] == 0 || events["StatusEvent"] == 0 {
		n := next()
		if n == nil {
			t.Fatalf("the stream ended after %v", events)
		}
		for _, e := range n.path("Notifications", "Notification").all() {
			if events[e.local()]++; e.local() == "CreatedEvent" && e.kid("ItemId").at("Id") != made.at("Id") {
				t.Errorf("event %v", e)
			}
		}
	}
	r.Close()
	for n := next(); ; n = next() {
		if n == nil {
			t.Fatal("the stream ended without saying so")
		}
		if n.str("ConnectionStatus") == "Closed" {
			break
		}
	}
	if events["CreatedEvent"] != 1 {
		t.Errorf("events %v", events)
	}
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{MaxSubscriptions: 2})
	id := r.ok(subscribeText(allEvents)).str("SubscriptionId")
	r.ok(subscribeText(allEvents))
	r.want("ErrorExceededSubscriptionCount", subscribeText(allEvents))
	r.want("ErrorInvalidSubscription", streamText(id, "unknown"))
	r.ok(`<m:Unsubscribe><m:SubscriptionId>` + id + `</m:SubscriptionId></m:Unsubscribe>`)
	r.want("ErrorSubscriptionNotFound", `<m:Unsubscribe><m:SubscriptionId>`+id+`</m:SubscriptionId></m:Unsubscribe>`)
	r.DropSubscriptions()
	pull := r.ok(`<m:Subscribe><m:PullSubscriptionRequest SubscribeToAllFolders="true"><t:EventTypes>` + allEvents + `</t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`)
	ask := func(mark string) string {
		return `<m:GetEvents><m:SubscriptionId>` + pull.str("SubscriptionId") + `</m:SubscriptionId><m:Watermark>` + mark + `</m:Watermark></m:GetEvents>`
	}
	if n := r.ok(ask(pull.str("Watermark"))); n.path("Notification", "StatusEvent") == nil {
		t.Errorf("nothing happened: %v", n)
	}
	made := r.create("", plainEvent)
	n := r.ok(ask(pull.str("Watermark")))
	if n.path("Notification", "CreatedEvent", "ItemId").at("Id") != made.at("Id") {
		t.Errorf("event %v", n)
	}
	r.want("ErrorInvalidWatermark", ask("AAAA"))
	r.clock.Advance(11 * time.Minute)
	r.want("ErrorSubscriptionNotFound", ask(pull.str("Watermark")))
}

// TestAffinity: a stream must come back to the server that has the subscription.
func TestAffinity(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Affinity: true})
	id := r.ok(subscribeText(allEvents)).str("SubscriptionId")
	r.want("ErrorInvalidSubscription", streamText(id))
	r.prefer = true
	res := r.post(subscribeText(allEvents))
	defer res.Body.Close()
	if c := res.Cookies(); len(c) != 1 || c[0].Name != "X-BackEndOverrideCookie" {
		t.Fatalf("cookies %v", c)
	}
	n := pieces(res.Body)()
	r.cookie = res.Cookies()[0]
	stream := r.post(streamText(n.str("SubscriptionId")))
	defer stream.Body.Close()
	if n := pieces(stream.Body)(); n.str("ConnectionStatus") != "OK" {
		t.Errorf("with the cookie: %v", n)
	}
}

// TestMovedEvents: a move is one event, for whoever watches either folder, and none for those who did not ask for it.
func TestMovedEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	pull := func(folder, events string) string {
		return `<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id="` + folder + `"/></t:FolderIds><t:EventTypes>` + events + `</t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`
	}
	id := r.create("", plainEvent)
	var subs []*node
	for _, c := range [][2]string{{"calendar", allEvents + `<t:EventType>MovedEvent</t:EventType>`}, {"deleteditems", `<t:EventType>MovedEvent</t:EventType>`}, {"calendar", allEvents}} {
		subs = append(subs, r.ok(pull(c[0], c[1])))
	}
	moved := r.ok(`<m:MoveItem><m:ToFolderId><t:DistinguishedFolderId Id="deleteditems"/></m:ToFolderId><m:ItemIds>` + id.String() + `</m:ItemIds></m:MoveItem>`).path("Items").first().kid("ItemId")
	for i, want := range []string{"MovedEvent", "MovedEvent", "StatusEvent"} {
		n := r.ok(`<m:GetEvents><m:SubscriptionId>` + subs[i].str("SubscriptionId") + `</m:SubscriptionId><m:Watermark>` + subs[i].str("Watermark") + `</m:Watermark></m:GetEvents>`).kid("Notification")
		e := n.kids[len(n.kids)-1]
		if e.local() != want || len(n.kids) != 4 {
			t.Errorf("subscription %d: %v", i, n)
		}
		if want == "MovedEvent" && (e.kid("ItemId").at("Id") != moved.at("Id") || e.kid("OldItemId").at("Id") != id.at("Id")) {
			t.Errorf("ids of %v", e)
		}
	}
}

// TestFolderEvents: what becomes of folders is told to whoever watches where they are.
func TestFolderEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{})
	sub := r.ok(`<m:Subscribe><m:PullSubscriptionRequest SubscribeToAllFolders="true"><t:EventTypes>` + allEvents + `<t:EventType>MovedEvent</t:EventType></t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`)
	mail := r.ok(`<m:Subscribe><m:PullSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds><t:EventTypes>` + allEvents + `</t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`)
	id := r.ok(`<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderId><m:Folders><t:CalendarFolder><t:DisplayName>Team</t:DisplayName></t:CalendarFolder></m:Folders></m:CreateFolder>`).path("Folders").first().kid("FolderId")
	r.ok(`<m:DeleteFolder DeleteType="MoveToDeletedItems"><m:FolderIds>` + id.String() + `</m:FolderIds></m:DeleteFolder>`)
	r.ok(`<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds>` + id.String() + `</m:FolderIds></m:DeleteFolder>`)
	events := func(sub *node) (out []string) {
		n := r.ok(`<m:GetEvents><m:SubscriptionId>` + sub.str("SubscriptionId") + `</m:SubscriptionId><m:Watermark>` + sub.str("Watermark") + `</m:Watermark></m:GetEvents>`).kid("Notification")
		for _, e := range n.kids {
			if f := e.kid("FolderId"); f != nil && f.at("Id") == id.at("Id") && e.kid("ParentFolderId") != nil && (e.local() != "MovedEvent" || e.kid("OldParentFolderId") != nil) {
				out = append(out, e.local())
			}
		}
		return out
	}
	if got := events(sub); !slices.Equal(got, []string{"CreatedEvent", "MovedEvent", "DeletedEvent"}) {
		t.Errorf("%v", got)
	}
	if got := events(mail); len(got) != 0 {
		t.Errorf("elsewhere: %v", got)
	}
}
