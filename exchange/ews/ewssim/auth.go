package ewssim

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// authenticate finds whose request it is. A nil account comes with the answer to send.
func (s *Sim) authenticate(r *http.Request) (*account, *reply) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch strings.ToLower(scheme) {
	case "basic":
		user, password, ok := r.BasicAuth()
		if !ok || s.opt.NoBasic {
			break
		}
		if a := s.accountFor(user); a != nil && samePassword(a.password, password) {
			return a, nil
		}
	case "bearer":
		if login, ok := s.opt.BearerTokens[value]; ok {
			if a := s.accountFor(login); a != nil {
				return a, nil
			}
		}
	case "ntlm", "negotiate":
		if s.opt.NoNTLM {
			break
		}
		return s.ntlm(r, scheme, value)
	}
	if a := s.stillNTLM(r); a != nil && scheme == "" {
		return a, nil
	}
	return nil, s.unauthorized()
}

// samePassword compares in constant time; an account without password takes none.
func samePassword(want, given string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(given)) == 1
}

// unauthorized lists the ways to log in, one header each, as IIS does.
func (s *Sim) unauthorized(challenges ...string) *reply {
	if len(challenges) == 0 {
		if !s.opt.NoNTLM {
			challenges = append(challenges, "Negotiate", "NTLM")
		}
		if !s.opt.NoBasic {
			challenges = append(challenges, `Basic realm="mail.example.org"`)
		}
		if len(s.opt.BearerTokens) > 0 {
			challenges = append(challenges, `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers=""`)
		}
	}
	return &reply{status: http.StatusUnauthorized, header: http.Header{"Www-Authenticate": challenges}}
}

// actAs finds the mailbox a request is for: the account's own, or the one that it impersonates.
func (s *Sim) actAs(a *account, header *node) (*mailbox, error) {
	imp := header.kid("ExchangeImpersonation")
	if imp == nil {
		return a.box, nil
	}
	sid := imp.path("ConnectingSID").first()
	if sid == nil {
		return nil, faultOf("ErrorInvalidExchangeImpersonationHeaderData", "The ExchangeImpersonation SOAP header is invalid.")
	}
	box := s.boxByAddress(sid.text)
	if sid.local() == "SID" {
		return nil, faultOf("ErrorInvalidUserSid", "The SID %q is not known.", sid.text)
	}
	if len(a.impersonates) == 0 || (box != nil && !may(a.impersonates, box.Address)) {
		return nil, faultOf("ErrorImpersonateUserDenied", "The account does not have permission to impersonate the requested user.")
	}
	if box == nil {
		return nil, faultOf("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
	}
	return box, nil
}
