package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"

	"crmbridge/pim"
)

// Failure is the cause inside the *pim.Error of a call that got no answer.
type Failure struct {
	// Sent says that the request may have reached the server, so that a write
	// may have been carried out.
	Sent bool
	Err  error
}

// Error implements error.
func (f *Failure) Error() string {
	if f.Sent {
		return f.Err.Error() + " (request sent)"
	}
	return f.Err.Error() + " (request not sent)"
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Sent reports whether the request behind err may have been processed. It is false
// only where that is certain: for nil, and for failures before there was a
// connection.
func Sent(err error) bool {
	if err == nil {
		return false
	}
	var f *Failure
	if errors.As(err, &f) {
		return f.Sent
	}
	return true
}

// wrapFailure turns what net/http or the pacing reports into the one error type.
func wrapFailure(op string, sent bool, err error) error {
	kind, public := explain(err, sent)
	var pe *pauseError
	e := &pim.Error{Op: op, Kind: kind, Public: public, Err: &Failure{Sent: sent, Err: stripURL(err)}}
	if errors.As(err, &pe) {
		e.After = pe.left
	}
	return e
}

// stripURL drops the URL that net/http puts into its errors: its query may hold
// what must not be logged.
func stripURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// explain tells the kind of a network fault and says in plain words what is wrong
// and what to do.
func explain(err error, sent bool) (pim.Reason, string) {
	var (
		addr  *addressError
		redir *redirectError
		pause *pauseError
	)
	switch {
	case errors.As(err, &addr):
		return pim.ErrForbidden, fmt.Sprintf("%s is or leads to an address inside a private network; the operator of the bridge can allow it with outbound.allow", addr.host)
	case errors.As(err, &redir):
		return pim.ErrProtocol, fmt.Sprintf("the server redirects to %s; if that is the right place, use it as the address", redir.to)
	case errors.As(err, &pause):
		return pim.ErrThrottled, "the server asked for a pause"
	case errors.Is(err, errAnswerTooLarge):
		return pim.ErrProtocol, "the server's answer is larger than the limit"
	case errors.Is(err, context.Canceled):
		return pim.ErrUnavailable, "stopped before the server answered"
	}
	if public := explainTLS(err); public != "" {
		return pim.ErrUnavailable, public
	}
	// net/http has no type for this one.
	if strings.Contains(err.Error(), "malformed HTTP") {
		return pim.ErrProtocol, "what listens at this address does not speak HTTP"
	}
	return pim.ErrUnavailable, explainNet(err, sent)
}

func explainTLS(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		remote  *net.OpError
	)
	switch {
	case errors.As(err, &unknown):
		return "the server's certificate is signed by nobody we trust; if it is your own authority, name its file in ca_file"
	case errors.As(err, &name):
		return fmt.Sprintf("the server's certificate is not for %s", name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired or is not valid yet"
	case errors.As(err, &invalid), errors.As(err, &verify):
		return "the server's certificate is not valid"
	case errors.As(err, &record):
		return "the server does not speak TLS on this port; check the port, or whether the address begins with http://"
	case errors.As(err, &remote) && remote.Op == "remote error": // crypto/tls keeps its alert type to itself
		return "the server broke off the TLS handshake; it may be too old for TLS 1.2"
	}
	// net/http makes this one with errors.New.
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return "the server does not speak TLS on this port; check the port, or whether the address begins with http://"
	}
	return ""
}

func explainNet(err error, sent bool) string {
	var dns *net.DNSError
	var ne net.Error
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("there is no host %s; check the address", dns.Name)
	case errors.As(err, &dns):
		return fmt.Sprintf("the name %s could not be looked up", dns.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at this address and port"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the server's network cannot be reached"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return "the server did not answer in time"
	case strings.Contains(err.Error(), "Proxy Authentication Required"):
		return "the proxy wants a user and password"
	case strings.Contains(err.Error(), "proxyconnect"):
		return "the proxy cannot be reached"
	case sent:
		return "the connection broke off"
	}
	return "the server cannot be reached"
}

// passing reports a fault that may be gone a moment later.
func passing(err error) bool {
	var addr *addressError
	var redir *redirectError
	if errors.As(err, &addr) || errors.As(err, &redir) || errors.Is(err, errAnswerTooLarge) {
		return false
	}
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return false
	}
	return pim.ReasonOf(err) == pim.ErrUnavailable && explainTLS(err) == ""
}
