package ews

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// Values in any order, unknown elements, other prefixes, fractions of seconds, offsets, and what XML forbids.
func TestReadTolerantly(t *testing.T) {
	t.Parallel()
	body := `<?xml version="1.0"?><soap:Envelope xmlns:soap="` + nsSOAP + `"><soap:Header><h:New xmlns:h="urn:x"/></soap:Header><soap:Body>
<GetItemResponse xmlns="` + nsMessages + `"><ResponseMessages><GetItemResponseMessage ResponseClass="Success"><Items>
<CalendarItem xmlns="` + nsTypes + `"><End>2026-06-01T11:00:00.1234567+02:00</End><Later><Subject>not this</Subject></Later><Start>2026-06-01T08:00:00</Start>
<Subject>Tea &#x1F; &#0;&amp; &#x1F44D;</Subject><Body BodyType="Text">one&#xD;
two</Body><Categories><String>A</String><String>B</String></Categories><ItemId ChangeKey="K" Id="I"/><IsAllDayEvent>0</IsAllDayEvent>
<ReminderMinutesBeforeStart>much</ReminderMinutesBeforeStart><ReminderIsSet>1</ReminderIsSet></CalendarItem></Items><ResponseCode>NoError</ResponseCode></GetItemResponseMessage></ResponseMessages></GetItemResponse></soap:Body></soap:Envelope>`
	for _, in := range []io.Reader{strings.NewReader(body), iotest.OneByteReader(strings.NewReader(body))} {
		b, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		a, err := readAnswer("test", b)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := a.only("test")
		if err != nil || len(msg.Items.List) != 1 {
			t.Fatalf("%v, %d items", err, len(msg.Items.List))
		}
		z, err := newZones("Europe/Oslo")
		if err != nil {
			t.Fatal(err)
		}
		rec := z.record(&msg.Items.List[0])
		e := rec.Item.(*pim.Event)
		if rec.ID != "I" || rec.Version != "K" || e.Title != "Tea  & 👍" || e.Notes != "one\ntwo" || len(e.Categories) != 2 {
			t.Errorf("%+v %+v", rec.Ref, e)
		}
		if !e.Start.Time.Equal(time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC)) || e.End.Time.Truncate(time.Second) != time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC) {
			t.Errorf("from %v to %v", e.Start, e.End)
		}
		if len(e.Reminders) != 1 || e.Reminders[0].Before != 0 {
			t.Errorf("reminders %v", e.Reminders)
		}
	}
}

// lenient gives the same however the bytes come.
func TestLenientBySteps(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "&", "&#", "a&#1;b", "&#x1F;&#x1F;", "&#x41;&#65;&#10;", "&#999999999999;x", "x&#55296;y&#xFFFF;z", "&amp;#1;", "&#;", "tail &#x1", "a\x01\x1f\tb\r\n\x7f", "ö€👍\uFFFE\uFFFFx", "cut \xf0\x9f\x91", "\xc3(\xed\xa0\x80", "&#x0000000001;x"} {
		want, err := io.ReadAll(&lenient{in: strings.NewReader(s)})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(&lenient{in: iotest.OneByteReader(strings.NewReader(s))})
		if err != nil || string(got) != string(want) {
			t.Errorf("%q: %q by steps, %q at once, %v", s, got, want, err)
		}
	}
	for s, want := range map[string]string{
		"a&#1;b&#x1F;c&#x41;&#x110000;d&#x0000000001;": "abc&#x41;d", "a\x00\x01b\t\x0b\x0c\r\n\x1f\x7f": "ab\t\r\n\x7f", "ö€👍\uFFFD\uFFFE\uFFFF": "ö€👍\uFFFD", "\xc3(\xed\xa0\x80": "\uFFFD(\uFFFD\uFFFD\uFFFD",
	} {
		if b, err := io.ReadAll(&lenient{in: strings.NewReader(s)}); err != nil || string(b) != want {
			t.Errorf("%q of %q, %v", b, s, err)
		}
	}
}

// What XML cannot have, written as it is or as a reference, stops no item of any kind.
func TestForbiddenCharacters(t *testing.T) {
	t.Parallel()
	z, err := newZones("Europe/Oslo")
	if err != nil {
		t.Fatal(err)
	}
	for kind, in := range map[string]string{
		"CalendarItem": `<t:Subject>a%sb</t:Subject><t:Body BodyType="Text">c%sd</t:Body><t:Location>e%sf</t:Location>`,
		"Task":         `<t:Subject>a%sb</t:Subject><t:Body BodyType="Text">c%sd</t:Body><t:Owner>e%sf</t:Owner>`,
		"Contact":      `<t:DisplayName>a%sb</t:DisplayName><t:Body BodyType="Text">c%sd</t:Body><t:PhoneNumbers><t:Entry Key="MobilePhone">e%sf</t:Entry></t:PhoneNumbers>`,
		"Message":      `<t:Subject>a%sb</t:Subject><t:Body BodyType="Text">c%sd</t:Body><t:From><t:Mailbox><t:Name>e%sf</t:Name></t:Mailbox></t:From>`,
	} {
		for bad, rest := range map[string]string{"&#x1;": "", "&#11;": "", "\x01": "", "\x1b[1m\x00": "[1m", "\uFFFE": "", "&#xFFFF;": ""} {
			body := strings.ReplaceAll(success("GetItem", `<m:Items><t:`+kind+`><t:ItemId Id="I" ChangeKey="K"/>`+in+`</t:`+kind+`></m:Items>`), "%s", bad)
			a, err := readAnswer("test", []byte(body))
			if err != nil {
				t.Errorf("%s with %q: %v", kind, bad, err)
				continue
			}
			x := &a.Body.Response.Messages.List[0].Items.List[0]
			it := pim.Item(nil)
			if kind == "Message" {
				it = z.message(x, "")
			} else {
				it = z.record(x).Item
			}
			got := fmt.Sprintf("%+v", it)
			for _, want := range []string{"a" + rest + "b", "c" + rest + "d"} {
				if !strings.Contains(got, want) {
					t.Errorf("%s with %q: %s", kind, bad, got)
				}
			}
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(success("GetItem", `<m:Items><t:CalendarItem><t:ItemId Id="a" ChangeKey="b"/><t:Start>2026-06-01T08:00:00Z</t:Start></t:CalendarItem></m:Items>`))
	f.Add(success("GetItem", "ErrorItemNotFound|"))
	f.Add(soapFault("ErrorServerBusy", 500))
	z, err := newZones("Europe/Oslo")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := &upstream.Response{Status: 200, Header: http.Header{}, Body: []byte(s)}
		if d := busy(r); d < 0 {
			t.Error("a negative pause")
		}
		a, err := judge("test", r)
		if err != nil {
			if pim.ReasonOf(err) == pim.ErrInternal && codeOf(err) == "" {
				t.Errorf("a fault of ours: %v", err)
			}
			return
		}
		for _, m := range a.Body.Response.Messages.List {
			for i := range m.Items.List {
				if m.Items.List[i].kind() != 0 {
					z.record(&m.Items.List[i])
				}
			}
		}
	})
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]pim.Reason{
		"ErrorItemNotFound": pim.ErrNotFound, "ErrorIrresolvableConflict": pim.ErrConflict, "ErrorInvalidSyncStateData": pim.ErrCursorGone,
		"ErrorImpersonateUserDenied": pim.ErrForbidden, "ErrorServerBusy": pim.ErrThrottled, "ErrorMailboxMoveInProgress": pim.ErrUnavailable,
		"ErrorSomethingNew": pim.ErrRefused, "": pim.ErrRefused, "<b>": pim.ErrRefused,
	} {
		e := translate("test", code, "inside", messageXML{})
		if e.Kind != want || strings.Contains(pim.PublicText(e), "inside") || strings.Contains(pim.PublicText(e), "<") {
			t.Errorf("%s: %v, %q", code, e.Kind, pim.PublicText(e))
		}
		if want.Retryable() && code != "" && e.Kind != pim.ErrConflict && e.Public == "" {
			t.Errorf("%s says nothing", code)
		}
	}
	for code, v := range codes {
		if v.kind == "" {
			t.Errorf("%s has no kind", code)
		}
	}
}
