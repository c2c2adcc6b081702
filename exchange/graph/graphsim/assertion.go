package graphsim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is SHA-1 by RFC 7515 4.1.7
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// registered is an application with its certificates read.
type registered struct {
	App
	certs []*x509.Certificate
}

func register(app App) (*registered, error) {
	r := &registered{App: app}
	for _, der := range app.Certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("graphsim: certificate of application %s: %w", app.ID, err)
		}
		if _, ok := c.PublicKey.(*rsa.PublicKey); !ok {
			return nil, fmt.Errorf("graphsim: certificate of application %s: only RSA keys sign assertions", app.ID)
		}
		r.certs = append(r.certs, c)
	}
	return r, nil
}

// maxSkew is how far clocks may be apart.
const maxSkew = 5 * time.Minute

// checkAssertion verifies a JWT that an application signed about itself (RFC 7523 3): key, signature, names, times, and
// that it is used once. grants.mu is held.
func (s *Sim) checkAssertion(app *registered, assertion string, req *request) *oauthError {
	header, claims, signed, signature, ok := splitJWT(assertion)
	if !ok {
		return &oauthError{401, "invalid_client", 50027, "JWT token is invalid or malformed."}
	}
	cert := app.certificate(text(header["x5t"]), text(header["x5t#S256"]))
	if cert == nil {
		return &oauthError{401, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not registered on application."}
	}
	key := cert.PublicKey.(*rsa.PublicKey)
	sum := sha256.Sum256([]byte(signed))
	var err error
	switch text(header["alg"]) {
	case "RS256":
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	case "PS256":
		err = rsa.VerifyPSS(key, crypto.SHA256, sum[:], signature, nil)
	default:
		return &oauthError{401, "invalid_client", 50027, "JWT token is invalid or malformed. The algorithm is not supported."}
	}
	if err != nil {
		return &oauthError{401, "invalid_client", 700027, "Client assertion failed signature validation."}
	}
	if e := s.checkClaims(app, claims, req); e != nil {
		return e
	}
	now := s.opt.Now()
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return &oauthError{401, "invalid_client", 700027, "The certificate used to sign the client assertion is expired."}
	}
	id := app.ID + " " + text(claims["jti"])
	if _, used := s.grants.assertions[id]; used {
		return &oauthError{401, "invalid_client", 700028, "Client assertion was used already."}
	}
	s.grants.assertions[id] = struct{}{}
	return nil
}

func (s *Sim) checkClaims(app *registered, claims object, req *request) *oauthError {
	path := "/" + s.opt.Tenant + tokenPath
	audience := text(claims["aud"])
	known := strings.EqualFold(audience, req.host+path) || strings.EqualFold(audience, "https://login.microsoftonline.com"+path)
	now := s.opt.Now()
	nbf, exp := moment(claims["nbf"]), moment(claims["exp"])
	switch {
	case !known:
		return &oauthError{401, "invalid_client", 700023, "Client assertion audience claim does not match Realm issuer."}
	case !strings.EqualFold(text(claims["iss"]), app.ID) || !strings.EqualFold(text(claims["sub"]), app.ID):
		return &oauthError{401, "invalid_client", 700021, "Client assertion application identifier doesn't match 'client_id' parameter."}
	case text(claims["jti"]) == "":
		return &oauthError{401, "invalid_client", 50027, "JWT token is invalid or malformed. The token identifier is missing."}
	case exp.IsZero() || nbf.IsZero() || nbf.After(now.Add(maxSkew)) || exp.Before(now.Add(-maxSkew)) || exp.Sub(nbf) > 24*time.Hour:
		return &oauthError{401, "invalid_client", 700024, "Client assertion is not within its valid time range."}
	}
	return nil
}

// moment reads a NumericDate (RFC 7519 2); zero is none.
func moment(v any) time.Time {
	n, ok := v.(json.Number)
	if !ok {
		return time.Time{}
	}
	sec, err := n.Float64()
	if err != nil {
		return time.Time{}
	}
	return time.Unix(int64(sec), 0)
}

// certificate finds the certificate that a thumbprint names, SHA-1 or SHA-256 in base64 for URLs.
func (r *registered) certificate(sha1Print, sha256Print string) *x509.Certificate {
	for _, c := range r.certs {
		short, long := sha1.Sum(c.Raw), sha256.Sum256(c.Raw) //nolint:gosec // a name, no proof
		if samePrint(sha1Print, short[:]) || samePrint(sha256Print, long[:]) {
			return c
		}
	}
	return nil
}

func samePrint(named string, sum []byte) bool {
	return named != "" && strings.TrimRight(named, "=") == base64.RawURLEncoding.EncodeToString(sum)
}

// splitJWT takes a compact JWS apart (RFC 7515 3.1).
func splitJWT(jwt string) (header, claims object, signed string, signature []byte, ok bool) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return nil, nil, "", nil, false
	}
	var decoded [3][]byte
	for i, p := range parts {
		b, err := base64.RawURLEncoding.DecodeString(p)
		if err != nil {
			return nil, nil, "", nil, false
		}
		decoded[i] = b
	}
	header, err1 := parseObject(decoded[0])
	claims, err2 := parseObject(decoded[1])
	return header, claims, parts[0] + "." + parts[1], decoded[2], err1 == nil && err2 == nil
}
