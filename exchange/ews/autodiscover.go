package ews

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"crmbridge/pim"
	"crmbridge/upstream"
)

// discovery finds the address of a mailbox's EWS (MS-OXDSCLI). The login goes to servers of the address's own domain over
// TLS, and to where such a server, having seen it, sends us. Redirects that anybody on the way could have
// made up (plain HTTP, DNS) are not followed: then the server has to be named.
type discovery struct {
	http  *upstream.Client
	login login
}

const (
	nsDiscoverRequest  = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
	nsDiscoverResponse = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
	discoverPath       = "/autodiscover/autodiscover.xml"
	mostHops           = 5
)

const opDiscover = "ews: autodiscover"

// found is what a server tells: an address of EWS, or where to ask next.
type found struct {
	ews, address, url string
}

// ews is the address of the EWS for a mailbox.
func (d discovery) ews(ctx context.Context, mailbox string) (string, error) {
	_, domain, ok := strings.Cut(mailbox, "@")
	if !ok || domain == "" {
		return "", pim.Errorf(opDiscover, pim.ErrInvalid, "the mailbox has no address to find its server by; name the server in url")
	}
	urls := []string{"https://autodiscover." + domain + discoverPath, "https://" + domain + discoverPath}
	var faults []error
	for hop := 0; len(urls) > 0 && hop < mostHops; {
		f, err := d.ask(ctx, urls[0], mailbox)
		switch {
		case err != nil:
			if errors.Is(err, pim.ErrAuth) || ctx.Err() != nil {
				return "", err
			}
			faults, urls = append(faults, err), urls[1:]
		case f.ews != "":
			return f.ews, nil
		case f.url != "":
			hop, urls = hop+1, []string{f.url}
		case f.address != "" && strings.Contains(f.address, "@"):
			hop, mailbox = hop+1, f.address
			_, domain, _ = strings.Cut(mailbox, "@")
			urls = []string{"https://autodiscover." + domain + discoverPath, "https://" + domain + discoverPath}
		default:
			urls = urls[1:]
		}
	}
	kind := pim.ErrInvalid
	for _, err := range faults {
		if r := pim.ReasonOf(err); r == pim.ErrUnavailable || r == pim.ErrThrottled {
			kind = pim.ErrUnavailable
		}
	}
	return "", &pim.Error{Op: opDiscover, Kind: kind, Public: "no server of " + domain + " tells where the mailbox is; name the server in url", Err: errors.Join(faults...)}
}

// ask asks one server.
func (d discovery) ask(ctx context.Context, address, mailbox string) (found, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return found{}, pim.Errorf(opDiscover, pim.ErrForbidden, "autodiscover led to an address without TLS")
	}
	if err := online(u.Hostname()); err != nil {
		return found{}, &pim.Error{Op: opDiscover, Kind: pim.ErrUnsupported, Public: err.Error()}
	}
	client, err := d.http.At("https://" + u.Host)
	if err != nil {
		return found{}, err
	}
	resp, err := d.login.do(ctx, client, upstream.Request{
		Op: opDiscover, Method: http.MethodPost, Path: u.RequestURI(), Body: discoverBody(mailbox), Idempotent: true,
		Header: http.Header{"Content-Type": {"text/xml; charset=utf-8"}}, Passing: func(*upstream.Response) bool { return false },
	})
	if err != nil {
		return found{}, err
	}
	if to := resp.Location(); to != nil && resp.Status >= 300 && resp.Status < 400 {
		return found{url: to.String()}, nil
	}
	if !resp.OK() || resp.HTML() {
		return found{}, httpFault(opDiscover, resp)
	}
	return readDiscovered(resp.Body)
}

func discoverBody(mailbox string) []byte {
	e := node("Autodiscover", node("Request", leaf("EMailAddress", mailbox), leaf("AcceptableResponseSchema", nsDiscoverResponse))).with("xmlns", nsDiscoverRequest)
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n")
	e.write(&b)
	return b.Bytes()
}

func readDiscovered(body []byte) (found, error) {
	var a struct {
		Account struct {
			Action    string
			Address   string `xml:"RedirectAddr"`
			URL       string `xml:"RedirectUrl"`
			Protocols []struct {
				Type string
				EWS  string `xml:"EwsUrl"`
			} `xml:"Protocol"`
		} `xml:"Response>Account"`
		Error struct {
			Code string `xml:"ErrorCode"`
			Text string `xml:"Message"`
		} `xml:"Response>Error"`
	}
	if err := decoder(bytes.NewReader(body)).Decode(&a); err != nil {
		return found{}, &pim.Error{Op: opDiscover, Kind: pim.ErrProtocol, Public: "the answer of autodiscover is not readable", Err: err}
	}
	if a.Error.Code != "" {
		return found{}, &pim.Error{Op: opDiscover, Kind: pim.ErrNotFound, Public: "autodiscover does not know the mailbox", Err: &refusal{a.Error.Code, a.Error.Text}}
	}
	f := found{address: strings.TrimSpace(a.Account.Address), url: strings.TrimSpace(a.Account.URL)}
	// The way in from outside is open from inside too, as a rule, and has a certificate for its name.
	for _, want := range []string{"EXPR", "EXCH", ""} {
		for _, p := range a.Account.Protocols {
			if v := strings.TrimSpace(p.EWS); f.ews == "" && v != "" && (want == "" || p.Type == want) {
				f.ews = v
			}
		}
	}
	return f, nil
}
