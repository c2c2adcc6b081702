package simkit

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

type fault struct {
	ID    int      `json:"id"`
	Kind  string   `json:"kind"`
	Op    string   `json:"op"`
	Delay Duration `json:"delay"`
	Count int      `json:"count"`
	Trial Trial    `json:"-"`
}

func keep(first, spend bool) *Faults[fault] {
	return NewFaults(Rules[fault]{First: first, Spend: spend, Rand: rand.New(rand.NewPCG(1, 2)), Number: func(f *fault, id int) { f.ID = id },
		Trial: func(f *fault) Trial { return f.Trial }})
}

// struck are the kinds of what strikes each of so many requests.
func struck(fs *Faults[fault], requests int) string {
	var out []string
	for range requests {
		hit := ""
		for _, f := range fs.Take(func(f *fault) bool { return f.Op == "" }) {
			hit += f.Kind
		}
		out = append(out, hit)
	}
	return strings.Join(out, " ")
}

func TestFaultsStrike(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, spend bool
		arm          []fault
		want         string
	}{
		"always":      {false, false, []fault{{Kind: "a"}}, "a a a a"},
		"the second":  {false, false, []fault{{Kind: "a", Trial: Trial{Nth: 2}}}, " a  "},
		"after two":   {false, false, []fault{{Kind: "a", Trial: Trial{After: 2}}}, "  a a"},
		"twice":       {false, false, []fault{{Kind: "a", Trial: Trial{Count: 2}}}, "a a  "},
		"both":        {false, false, []fault{{Kind: "a"}, {Kind: "b", Trial: Trial{After: 1, Count: 1}}}, "a ab a a"},
		"the first":   {true, true, []fault{{Kind: "a", Trial: Trial{Count: 1}}, {Kind: "b", Trial: Trial{After: 1, Count: 1}}}, "a  b "},
		"other":       {false, false, []fault{{Kind: "a", Op: "x"}}, "   "},
		"never":       {false, false, []fault{{Kind: "a", Trial: Trial{P: 1e-12}}}, "   "},
		"as good as":  {false, false, []fault{{Kind: "a", Trial: Trial{P: 1}}}, "a a a a"},
		"spent first": {true, false, []fault{{Kind: "a", Trial: Trial{Count: 1}}, {Kind: "b"}}, "a b b b"},
	} {
		fs := keep(c.first, c.spend)
		for _, f := range c.arm {
			fs.Add(f)
		}
		if got := struck(fs, 4); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestFaultsAreKept(t *testing.T) {
	t.Parallel()
	fs := keep(false, false)
	one, two := fs.Add(fault{Kind: "a"}), fs.Add(fault{Kind: "b", Trial: Trial{Count: 1}})
	struck(fs, 3)
	if fs.Struck(one) != 3 || fs.Struck(two) != 1 || fs.Struck(9) != 0 {
		t.Errorf("struck %d and %d times", fs.Struck(one), fs.Struck(two))
	}
	fs.Remove(one)
	fs.Remove(9)
	if all := fs.All(); len(all) != 1 || all[0].ID != two {
		t.Errorf("%v", all)
	}
	fs.Clear()
	if all := fs.All(); all == nil || len(all) != 0 {
		t.Errorf("%v", all)
	}
	spent := keep(true, true)
	spent.Add(fault{Kind: "a", Trial: Trial{Count: 1}})
	struck(spent, 1)
	if len(spent.All()) != 0 {
		t.Error("what is spent is still armed")
	}
}

func TestParseFault(t *testing.T) {
	t.Parallel()
	want := fault{Kind: "busy", Op: "x", Count: 2, Delay: Duration(150 * time.Millisecond)}
	for _, text := range []string{"busy,op=x,count=2,delay=150ms,", `{"kind":"busy","op":"x","count":2,"delay":"150ms"}`} {
		var f fault
		if err := ParseFault("sim", text, &f, "count"); err != nil || f != want {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
	}
	for _, text := range []string{"busy,op", "busy,colour=red", "busy,count=many", "busy,delay=long", "{"} {
		if err := ParseFault("sim", text, &fault{}, "count"); err == nil || !strings.HasPrefix(err.Error(), "sim: fault ") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if text, err := json.Marshal(want); err != nil || !strings.Contains(string(text), `"delay":"150ms"`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	m := Memory[int, string]{Keep: 3}
	for range 7 {
		m.Record(func(seq int) int { return seq }, "a", "all")
	}
	m.Count("a")
	m.Mail("x", "y")
	if got := m.Log(); !reflect.DeepEqual(got, []int{4, 5, 6, 7}) {
		t.Errorf("%v", got)
	}
	if got := m.Counts(); !reflect.DeepEqual(got, map[string]int{"a": 8, "all": 7}) {
		t.Errorf("%v", got)
	}
	sum := 0
	m.Each(func(n int) { sum += n })
	m.Locked(func() { sum++ })
	if sum != 23 || m.MailCount() != 2 || !reflect.DeepEqual(m.Mails(), []string{"x", "y"}) {
		t.Errorf("%d, %v", sum, m.Mails())
	}
	m.Reset()
	m.Record(func(seq int) int { return seq })
	if got := m.Log(); !reflect.DeepEqual(got, []int{8}) || m.MailCount() != 0 || len(m.Counts()) != 0 {
		t.Errorf("%v", got)
	}
}

func TestDoor(t *testing.T) {
	t.Parallel()
	fs := keep(false, false)
	forgot := false
	common := Common{Requests: func() any { return []int{1} }, Mails: func() any { return []int{2} }, Faults: func() any { return fs.All() },
		Forget: func() { forgot = true }, Disarm: fs.Clear, DisarmOne: fs.Remove, Arm: func(text string) (int, error) {
			var f fault
			err := ParseFault("sim", text, &f)
			return fs.Add(f), err
		}}
	ask := func(token, method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, "/__sim/"+path, strings.NewReader(body))
		r.Header.Set("X-Sim-Token", token)
		Door{Token: "door", MaxBody: 100, Log: slog.New(slog.DiscardHandler)}.Serve(w, r, path, func(op, rest string, body []byte) (any, error) {
			v, known, err := common.Do(op, rest, body)
			if !known {
				return nil, NoControl("sim", op+"/"+rest)
			}
			return v, err
		})
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	for _, c := range []struct {
		token, method, path, body string
		status                    int
		want                      string
	}{
		{"wrong", "GET", "requests", "", 404, "not found"},
		{"", "GET", "requests", "", 404, "not found"},
		{"door", "GET", "requests", "", 200, "[1]"},
		{"door", "GET", "requests/1", "", 404, "sim: no control GET requests/1"},
		{"door", "GET", "mails", "", 200, "[2]"},
		{"door", "POST", "faults", "busy,op=x", 200, `{"id":1}`},
		{"door", "POST", "faults", "busy,op", 400, `sim: fault "busy,op": "op" is not name=value`},
		{"door", "DELETE", "faults/1", "", 200, "null"},
		{"door", "DELETE", "faults/x", "", 400, `strconv.Atoi: parsing "x": invalid syntax`},
		{"door", "DELETE", "requests", "", 200, "null"},
		{"door", "DELETE", "faults", "", 200, "null"},
		{"door", "GET", "faults", "", 200, "[]"},
		{"door", "POST", "faults", strings.Repeat("x", 101), 413, "http: request body too large"},
	} {
		if status, text := ask(c.token, c.method, c.path, c.body); status != c.status || text != c.want {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, status, text, c.status, c.want)
		}
	}
	if !forgot {
		t.Error("nothing was forgotten")
	}
	shut := httptest.NewRecorder()
	Door{Log: slog.New(slog.DiscardHandler)}.Serve(shut, httptest.NewRequest("GET", "/", nil), "state", nil)
	if shut.Code != 404 {
		t.Errorf("a door without a token: %d", shut.Code)
	}
}

func TestWire(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/reset" {
			Reset(w)
			return
		}
		Trickle(r.Context(), w, []byte("0123456789"), 3, time.Millisecond)
	}))
	defer srv.Close()
	if resp, err := http.Get(srv.URL + "/reset"); err == nil {
		resp.Body.Close()
		t.Error("a connection that was reset answered")
	}
	resp, err := http.Get(srv.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || string(text) != "0123456789" {
		t.Errorf("%q, %v", text, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	Pause(gone, time.Hour)
	w := httptest.NewRecorder()
	if Trickle(gone, w, []byte("x"), 1, time.Hour); w.Body.Len() != 0 {
		t.Error("something was written to nobody")
	}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	var f Flags
	var token string
	var armed []string
	fs := flag.NewFlagSet("sim", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	f.Define(fs, &token, "SIM_URL")
	FaultFlag(fs, []string{"busy", "slow"}, "busy", "op", func(text string) error {
		armed = append(armed, text)
		return nil
	})
	if usage := fs.Lookup("fault").Usage; !strings.Contains(usage, "Kinds: busy, slow. Names: op") {
		t.Error(usage)
	}
	if err := Parse(fs, []string{"more"}); err == nil {
		t.Error("an argument that is no flag was taken")
	}
	env := filepath.Join(t.TempDir(), "env")
	if err := Parse(fs, []string{"--env", env, "--control-token", "door", "--fault", "busy"}); err != nil || token != "door" || len(armed) != 1 {
		t.Fatal(err, token, armed)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopped := false
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- f.Serve(ctx, Server{Handler: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler), Stop: func() { stopped = true },
			Variables: func(addr net.Addr) string { return "http://" + addr.String() }}, in)
	}()
	text := make([]byte, 100)
	n, err := out.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(string(text[:n]))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if kept, err := os.ReadFile(env); err != nil || string(kept) != string(text[:n]) {
		t.Errorf("%q, %v", kept, err)
	}
	cancel()
	if err := <-done; err != nil || !stopped {
		t.Errorf("%v, stopped %v", err, stopped)
	}
	bad := Flags{Addr: "127.0.0.1:0", Env: filepath.Join(env, "below a file")}
	if err := bad.Serve(t.Context(), Server{Variables: func(net.Addr) string { return "" }}, io.Discard); err == nil {
		t.Error("variables were written to nowhere")
	}
	if err := (Flags{Addr: "nowhere:x"}).Serve(t.Context(), Server{}, io.Discard); err == nil || errors.Is(err, http.ErrServerClosed) {
		t.Errorf("%v", err)
	}
}
