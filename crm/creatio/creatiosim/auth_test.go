package creatiosim

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func (r *rig) tryLogin(user, password string) (map[string]any, response) {
	r.t.Helper()
	c := r.client()
	res := c.do("POST", loginPath, map[string]string{"UserName": user, "UserPassword": password})
	if res.status != 200 {
		r.t.Fatalf("login: %d %s", res.status, res.text())
	}
	return res.object(r.t), res
}

// Whatever is wrong with the credentials, the answer is 200 with a Code.
func TestLogin(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Users = append(o.Users, User{Login: "gone", Password: testPassword, Inactive: true},
			User{Login: "late", Password: testPassword, PasswordExpired: true},
			User{Login: "noapi", Password: testPassword, NoOData: true, FullRights: true})
	})
	for _, c := range []struct {
		user, password string
		code           float64
	}{
		{"Supervisor", testPassword, 0}, {"SUPERVISOR", testPassword, 0}, {"Supervisor", "wrong", 1}, {"nobody", testPassword, 1},
		{"", "", 1}, {"gone", testPassword, 1}, {"late", testPassword, 1}, {"noapi", testPassword, 0},
	} {
		v, res := r.tryLogin(c.user, c.password)
		if v["Code"] != c.code || (c.code == 0) != (v["Message"] == "") || (c.code == 0) != (v["Exception"] == nil) {
			t.Errorf("%s: %s", c.user, res.text())
		}
		if cookies := res.header.Values("Set-Cookie"); (len(cookies) == 4) != (c.code == 0) {
			t.Errorf("%s: cookies %q", c.user, cookies)
		}
		if change, _ := v["PasswordChangeUrl"].(string); (change != "") != (c.user == "late") {
			t.Errorf("%s: PasswordChangeUrl %q", c.user, change)
		}
	}
	noapi := r.client()
	noapi.login("noapi")
	if res := noapi.get("Contact"); res.status != 403 || !strings.Contains(res.errorText(), "OData") {
		t.Errorf("user without the right: %d %s", res.status, res.text())
	}
}

func TestLoginCookies(t *testing.T) {
	t.Parallel()
	for site, session := range map[Site]string{Framework: ".ASPXAUTH", Core: "BPMSESSIONID"} {
		r := newRig(t, func(o *Options) { o.Site = site })
		res := r.client().do("POST", loginPath, map[string]string{"UserName": "plain", "UserPassword": testPassword})
		found := map[string]*http.Cookie{}
		for _, c := range (&http.Response{Header: res.header}).Cookies() {
			found[c.Name] = c
		}
		for _, name := range []string{"BPMLOADER", session, "BPMCSRF", "UserName"} {
			c := found[name]
			if c == nil || c.Path != "/" || c.HttpOnly == (name == "BPMCSRF") {
				t.Errorf("site %d: cookie %s is %v", site, name, c)
			}
		}
		if len(found) != 4 || found["UserName"].Value != "112|108|97|105|110" {
			t.Errorf("site %d: %v", site, found)
		}
	}
}

func TestLoginRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.client()
	body := map[string]string{"UserName": "plain", "UserPassword": testPassword}
	if res := c.do("POST", loginPath, body, "Content-Type: text/plain"); res.status != 400 {
		t.Errorf("wrong content type: %d", res.status)
	}
	if res := c.do("POST", loginPath, "{"); res.status != 400 {
		t.Errorf("broken body: %d", res.status)
	}
	if res := c.get(loginPath); res.status != 405 {
		t.Errorf("GET: %d", res.status)
	}
	if res := c.do("POST", "/0"+loginPath, body); res.status != 401 {
		t.Errorf("login below the application alias: %d", res.status)
	}
	if res := c.get("Contact"); res.status != 401 {
		t.Errorf("no session: %d", res.status)
	}
}

func TestLoginLockout(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.LoginAttempts = 3 })
	for range 3 {
		r.tryLogin("plain", "wrong")
	}
	if v, _ := r.tryLogin("plain", testPassword); v["Code"] != 1.0 || !strings.Contains(v["Message"].(string), "blocked") {
		t.Errorf("after three wrong passwords: %v", v)
	}
	r.clock.Advance(16 * time.Minute)
	if v, _ := r.tryLogin("plain", testPassword); v["Code"] != 0.0 {
		t.Errorf("after a quarter of an hour: %v", v)
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	one, two := r.client(), r.client()
	one.login("plain")
	two.login("plain")
	if n := r.sim.Sessions(); n != 3 {
		t.Fatalf("%d sessions", n)
	}
	one.header.Set("BPMCSRF", two.header.Get("BPMCSRF"))
	if res := one.get("Contact"); res.status != 403 {
		t.Errorf("another session's CSRF token: %d", res.status)
	}
	if res := two.do("POST", logoutPath, "{}"); res.status != 200 {
		t.Errorf("logout: %d", res.status)
	}
	if res := two.get("Contact"); res.status != 401 {
		t.Errorf("after logout: %d", res.status)
	}
	must(t, r.sim.SetUser(User{Login: "Supervisor", Password: "new", NoOData: true}))
	if res := r.c.get("Contact"); res.status != 403 {
		t.Errorf("right taken away from an open session: %d", res.status)
	}
	must(t, r.sim.SetUser(User{Login: "Supervisor", Password: "new", Inactive: true}))
	if res := r.c.get("Contact"); res.status != 401 {
		t.Errorf("user deactivated: %d", res.status)
	}
}

func (r *rig) askToken(form url.Values, header ...string) response {
	c := r.client()
	return c.do("POST", tokenPath, []byte(form.Encode()), append([]string{"Content-Type: application/x-www-form-urlencoded"}, header...)...)
}

func TestOAuth(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) {
		o.Clients = []Client{{ID: "bridge", Secret: "s3cret", User: "Supervisor"}}
		o.TokenLifetime = 10 * time.Minute
	})
	form := url.Values{"client_id": {"bridge"}, "client_secret": {"s3cret"}, "grant_type": {"client_credentials"}}
	res := r.askToken(form)
	v := res.object(t)
	if res.status != 200 || v["token_type"] != "Bearer" || v["expires_in"] != 600.0 || v["access_token"] == "" {
		t.Fatalf("token: %d %s", res.status, res.text())
	}
	bearer := "Authorization: Bearer " + v["access_token"].(string)
	c := r.client()
	c.header = http.Header{} // no CSRF, no ForceUseSession
	if res := c.get("Contact?$select=Name", bearer); res.status != 200 {
		t.Errorf("with a token: %d %s", res.status, res.text())
	}
	if res := c.do("POST", "Activity", `{"Title":"x","ActivityCategoryId":"`+r.sim.Lookup("ActivityCategory", "Meeting")+`"}`, bearer); res.status != 201 {
		t.Errorf("create with a token: %d %s", res.status, res.text())
	}
	if res := c.get("Contact", "Authorization: Bearer nonsense"); res.status != 401 || res.header.Get("WWW-Authenticate") == "" {
		t.Errorf("unknown token: %d", res.status)
	}
	r.clock.Advance(10 * time.Minute)
	if res := c.get("Contact", bearer); res.status != 401 {
		t.Errorf("expired token: %d", res.status)
	}
	basic := url.Values{"grant_type": {"client_credentials"}}
	if res := r.askToken(basic, "Authorization: Basic YnJpZGdlOnMzY3JldA=="); res.status != 200 {
		t.Errorf("client in the header: %d %s", res.status, res.text())
	}
	for name, change := range map[string]func(url.Values){
		"invalid_client":         func(f url.Values) { f.Set("client_secret", "wrong") },
		"unsupported_grant_type": func(f url.Values) { f.Set("grant_type", "password") },
	} {
		f := url.Values{}
		for k, v := range form {
			f[k] = v
		}
		change(f)
		if res := r.askToken(f); res.status != 400 || res.object(t)["error"] != name {
			t.Errorf("%s: %d %s", name, res.status, res.text())
		}
	}
	if res := r.askToken(form, "Content-Type: application/json"); res.status != 400 || !strings.Contains(res.text(), "invalid_request") {
		t.Errorf("token request as JSON: %d %s", res.status, res.text())
	}
	if res := r.client().get(tokenPath); res.status != 405 {
		t.Errorf("GET token: %d", res.status)
	}
}
