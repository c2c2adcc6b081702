package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"crmbridge/internal/config"
	"crmbridge/manage"
	"crmbridge/secret"
	"crmbridge/upstream"
)

// examineSettings checks what a configuration names outside itself: all that serve
// would stumble over before it answers. It changes nothing.
func examineSettings(ctx context.Context, c config.Config, now time.Time) []manage.Check {
	rows := []manage.Check{checked("listen", func() (string, error) { return checkListen(ctx, c) })}
	if c.PublicURL != "" {
		rows = append(rows, checked("public address", func() (string, error) { return checkPublicURL(c) }))
	}
	if c.Notifications {
		rows = append(rows, manage.Check{Name: "notifications", OK: true, Note: c.PublicURL + notifyPath + "; links to Microsoft 365 are tested below"})
	}
	if c.TLSCert != "" {
		rows = append(rows, checked("certificate", func() (string, error) { return checkCertificate(c, now) }))
	}
	if len(c.ACMEHosts) > 0 {
		rows = append(rows, checked("ACME", func() (string, error) { return checkACME(c) }))
	}
	if c.CAFile != "" {
		rows = append(rows, checked("CA file", func() (string, error) {
			_, err := upstream.New(upstream.Options{Base: "https://crm.example.org", CAFile: c.CAFile, Now: time.Now})
			if err != nil {
				return "", fmt.Errorf("outbound.ca_file %s: %s", c.CAFile, strings.TrimPrefix(err.Error(), "upstream: ca_file: "))
			}
			return c.CAFile, nil
		}))
	}
	return rows
}

func checked(name string, check func() (note string, err error)) manage.Check {
	note, err := check()
	if err != nil {
		return manage.Check{Name: name, Fault: describe(err), Kind: manage.ReasonOf(err)}
	}
	return manage.Check{Name: name, OK: true, Note: note}
}

// checkListen opens the port for a moment. That it is taken is no fault: the server
// itself may have it.
func checkListen(ctx context.Context, c config.Config) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return c.Listen + " is in use; that is right while the server runs", nil
	case err != nil:
		return "", fmt.Errorf("server.listen: %w", err)
	}
	return c.Listen + " is free", l.Close()
}

func checkPublicURL(c config.Config) (string, error) {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return "", fmt.Errorf("server.public_url: %w", err)
	}
	own := c.TLSCert != "" || len(c.ACMEHosts) > 0
	switch {
	case len(c.ACMEHosts) > 0 && !slices.ContainsFunc(c.ACMEHosts, func(h string) bool { return strings.EqualFold(h, u.Hostname()) }):
		return "", fmt.Errorf("server.public_url names %s, but server.acme.hosts gets certificates for %s", u.Hostname(), strings.Join(c.ACMEHosts, ", "))
	case u.Scheme == "http" && own:
		return "", errors.New("server.public_url begins with http://, but the server speaks https")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return c.PublicURL + " (without https passwords can be read on the way, and iOS and macOS refuse it)", nil
	case u.Scheme == "https" && !own:
		note := c.PublicURL + ": a proxy has to end https"
		if len(c.TrustedProxies) == 0 {
			note += "; name it in server.trusted_proxies, or all clients count as one address"
		}
		return note, nil
	}
	return c.PublicURL, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func checkCertificate(c config.Config, now time.Time) (string, error) {
	tc, err := tlsConfig(c)
	if err != nil {
		return "", err
	}
	leaf, err := x509.ParseCertificate(tc.Certificates[0].Certificate[0])
	if err != nil {
		return "", fmt.Errorf("server.tls: %w", err)
	}
	if now.After(leaf.NotAfter) || now.Before(leaf.NotBefore) {
		return "", fmt.Errorf("server.tls: the certificate is valid from %s to %s only", stamp(&leaf.NotBefore), stamp(&leaf.NotAfter))
	}
	note := "until " + stamp(&leaf.NotAfter)
	if u, err := url.Parse(c.PublicURL); err == nil && u.Hostname() != "" && leaf.VerifyHostname(u.Hostname()) != nil {
		note += "; it is not for " + u.Hostname()
	}
	return note, nil
}

// checkACME: RFC 8737 3: the authority connects to port 443 of the host.
func checkACME(c config.Config) (string, error) {
	if err := writable(c.ACMECache); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("server.acme.cache: %w", err)
	}
	hosts := strings.Join(c.ACMEHosts, ", ")
	if _, port, err := net.SplitHostPort(c.Listen); err == nil && port != "443" {
		return fmt.Sprintf("the authority asks at port 443 of %s: pass that on to %s as it is (TCP; a proxy that ends https has to get the certificates itself)", hosts, c.Listen), nil
	}
	return hosts, nil
}

// examineKey checks the key file; there is none before the first start.
func examineKey(c config.Config) (row manage.Check, exists bool) {
	_, err := secret.Load(c.KeyFile)
	if errors.Is(err, os.ErrNotExist) {
		return checked("key file", func() (string, error) {
			return c.KeyFile + " is not there yet; the first start makes it", writable(filepath.Dir(c.KeyFile))
		}), false
	}
	return checked("key file", func() (string, error) {
		if err != nil {
			return "", err
		}
		exposed, err := secret.Exposed(c.KeyFile)
		if err == nil && exposed {
			err = fmt.Errorf("%s can be read by others; chmod 600 it", c.KeyFile)
		}
		return c.KeyFile, err
	}), true
}

// writable tries whether files can be made in a folder.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".bridge-doctor-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
