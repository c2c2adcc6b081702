package ews

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

func fileAnswer(inner string) string {
	return `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="` + nsSOAP + `"><s:Body><m:GetAttachmentResponse xmlns:m="` + nsMessages + `" xmlns:t="` + nsTypes + `"><m:ResponseMessages>` +
		inner + `</m:ResponseMessages></m:GetAttachmentResponse></s:Body></s:Envelope>`
}

func given(content string) string {
	return fileAnswer(`<m:GetAttachmentResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Attachments><t:FileAttachment>` +
		`<t:AttachmentId Id="A"/><t:Name>bad&#x1F;name</t:Name>` + content + `</t:FileAttachment></m:Attachments></m:GetAttachmentResponseMessage>`)
}

// The content comes to the last byte, however the answer is cut into pieces and wherever lines of it end.
func TestContentIsDecodedAsItComes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "bytes")
		text := base64.StdEncoding.EncodeToString(want)
		if n := rapid.IntRange(0, 80).Draw(t, "line"); n > 10 {
			for i := n; i < len(text); i += n + 2 {
				text = text[:i] + "\r\n" + text[i:]
			}
		}
		var in io.Reader = strings.NewReader(given("<t:Content>" + text + "</t:Content>"))
		switch rapid.IntRange(0, 2).Draw(t, "pieces") {
		case 1:
			in = iotest.OneByteReader(in)
		case 2:
			in = iotest.HalfReader(in)
		}
		body, err := contentOf(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes of %d, %v", len(got), len(want), err)
		}
	})
}

// What has no content says why, and what breaks off is no end.
func TestAnswersWithoutContent(t *testing.T) {
	t.Parallel()
	code := func(s string) string {
		return fileAnswer(`<m:GetAttachmentResponseMessage ResponseClass="Error"><m:MessageText>no</m:MessageText><m:ResponseCode>` + s + `</m:ResponseCode></m:GetAttachmentResponseMessage>`)
	}
	fault := `<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body><s:Fault><faultcode>a:ErrorServerBusy</faultcode><faultstring>busy</faultstring></s:Fault></s:Body></s:Envelope>`
	for name, c := range map[string]struct {
		answer string
		want   pim.Reason
	}{
		"gone":            {code("ErrorItemNotFound"), pim.ErrNotFound},
		"no such":         {code("ErrorInvalidAttachmentId"), pim.ErrNotFound},
		"denied":          {code("ErrorAccessDenied"), pim.ErrForbidden},
		"busy":            {fault, pim.ErrThrottled},
		"none":            {given(""), pim.ErrUnsupported},
		"a web page":      {"<html><body><br>sign in", pim.ErrProtocol},
		"nothing":         {"", pim.ErrProtocol},
		"cut in a head":   {given("<t:Content>")[:300], pim.ErrProtocol},
		"an endless head": {given("<t:Name>" + strings.Repeat("x", headMost) + "</t:Name><t:Content>QQ==</t:Content>"), pim.ErrUnsupported},
	} {
		if _, err := contentOf(strings.NewReader(c.answer)); pim.ReasonOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if body, err := contentOf(strings.NewReader(given("<t:Content/>"))); err != nil {
		t.Error(err)
	} else if b, err := io.ReadAll(body); err != nil || len(b) != 0 {
		t.Errorf("an empty file: %d bytes, %v", len(b), err)
	}
	whole := given("<t:Content>" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 9000)) + "</t:Content>")
	broken := &pim.Error{Op: "test", Kind: pim.ErrThrottled}
	for name, c := range map[string]struct {
		in   io.Reader
		want pim.Reason
	}{
		"cut":      {strings.NewReader(whole[:len(whole)/2]), pim.ErrUnavailable},
		"failed":   {io.MultiReader(strings.NewReader(whole[:len(whole)/2]), iotest.ErrReader(broken)), pim.ErrThrottled},
		"garbage":  {strings.NewReader(given("<t:Content>AAA!</t:Content>")), pim.ErrProtocol},
		"too less": {strings.NewReader(given("<t:Content>AAAAA</t:Content>")), pim.ErrUnavailable},
	} {
		body, err := contentOf(c.in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err = io.ReadAll(body); pim.ReasonOf(err) != c.want || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
