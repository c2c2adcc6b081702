package marionette

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// program plays the other side: it greets and answers each command with the lines of answer, one message each.
func program(t *testing.T, greeting string, answer func(id int, command string, params map[string]any) string) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn, greeting, answer)
		}
	}()
	return l.Addr().String()
}

func serve(conn net.Conn, greeting string, answer func(int, string, map[string]any) string) {
	defer conn.Close()
	send := func(text string) { fmt.Fprintf(conn, "%d:%s", len(text), text) }
	send(greeting)
	in := bufio.NewReader(conn)
	for {
		message, err := readMessage(in)
		if err != nil {
			return
		}
		var kind, id int
		var command string
		var params map[string]any
		if json.Unmarshal(message, &[]any{&kind, &id, &command, &params}) != nil || kind != 0 {
			return
		}
		for _, line := range strings.Split(answer(id, command, params), "\n") {
			send(line)
		}
	}
}

const greeting = `{"applicationType":"gecko","marionetteProtocol":3}`

func dialTo(t *testing.T, address string) *Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, err := Dial(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestCall(t *testing.T) {
	t.Parallel()
	c := dialTo(t, program(t, greeting, func(id int, command string, params map[string]any) string {
		switch command {
		case "fail":
			return fmt.Sprintf(`[1,%d,{"error":"no such window","message":"gone","stacktrace":"at x"},null]`, id)
		case "late":
			// The answer to an earlier call comes first.
			return fmt.Sprintf("[1,%d,null,{\"value\":\"old\"}]\n[1,%d,null,{\"value\":\"new\"}]", id-1, id)
		}
		return fmt.Sprintf(`[1,%d,null,{"value":%q}]`, id, fmt.Sprint(command, " ", params["x"]))
	}))
	var got struct{ Value string }
	if err := c.Call(t.Context(), "echo", map[string]any{"x": "ä日"}, &got); err != nil || got.Value != "echo ä日" {
		t.Errorf("%q, %v", got.Value, err)
	}
	var remote *RemoteError
	if err := c.Call(t.Context(), "fail", nil, nil); !errors.As(err, &remote) || remote.Kind != "no such window" || remote.Stack != "at x" {
		t.Errorf("got %v", err)
	}
	if err := c.Call(t.Context(), "late", nil, &got); err != nil || got.Value != "new" {
		t.Errorf("%q, %v", got.Value, err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	var script string
	c := dialTo(t, program(t, greeting, func(id int, command string, params map[string]any) string {
		if command != "WebDriver:ExecuteAsyncScript" {
			return fmt.Sprintf(`[1,%d,null,{"value":null}]`, id)
		}
		script = params["script"].(string)
		switch {
		case strings.Contains(script, "throw"):
			return fmt.Sprintf(`[1,%d,null,{"value":{"exception":"no card x","name":"Error","stack":"f@y"}}]`, id)
		case strings.Contains(script, "hang"):
			return fmt.Sprintf(`[1,%d,null,{"value":null}]`, id)
		}
		args, _ := json.Marshal(params["args"])
		return fmt.Sprintf(`[1,%d,null,{"value":{"value":%s}}]`, id, args)
	}))
	if err := c.Open(t.Context(), time.Second); err != nil {
		t.Fatal(err)
	}
	var got []any
	if err := c.Run(t.Context(), "return args", &got, "a", 1); err != nil || fmt.Sprint(got) != "[a 1]" {
		t.Errorf("%v, %v", got, err)
	}
	if !strings.Contains(script, "(async function () {\nreturn args\n})") {
		t.Errorf("sent %s", script)
	}
	var remote *RemoteError
	if err := c.Run(t.Context(), "throw 1", nil); !errors.As(err, &remote) || remote.Message != "Error: no card x" || remote.Stack != "f@y" {
		t.Errorf("got %v", err)
	}
	if err := c.Run(t.Context(), "hang", nil); err == nil {
		t.Error("a script that does not settle is no success")
	}
}

func TestDialWaitsAndGivesUp(t *testing.T) {
	t.Parallel()
	address := program(t, `{"marionetteProtocol":2}`, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, address); !errors.Is(err, ErrProtocol) {
		t.Errorf("another protocol: %v", err)
	}
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	block := make(chan struct{})
	defer close(block)
	c := dialTo(t, program(t, greeting, func(int, string, map[string]any) string { <-block; return "" }))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := c.Call(ctx, "slow", nil, nil); err == nil || time.Since(start) > 3*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

func FuzzReadMessage(f *testing.F) {
	for _, seed := range []string{"2:{}", "0:", "10:short", ":", "99999999999:", "-1:x", "67108865:", "3:abcd"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		message, err := readMessage(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			return
		}
		digits, rest, _ := bytes.Cut(data, []byte(":"))
		if !bytes.HasPrefix(rest, message) || len(digits) > 9 {
			t.Errorf("%q gave %q", data, message)
		}
		// Whatever it is, taking it apart must not panic.
		_, _, _, _ = parseReply(message, 1)
	})
}
