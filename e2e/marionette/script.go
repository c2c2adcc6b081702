package marionette

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Open starts a session in chrome context in which a script may run for limit.
func (c *Client) Open(ctx context.Context, limit time.Duration) error {
	session := map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		// Dialogs belong to the test, not to the driver.
		"unhandledPromptBehavior": "ignore",
	}}}
	if err := c.Call(ctx, "WebDriver:NewSession", session, nil); err != nil {
		return err
	}
	if err := c.Call(ctx, "Marionette:SetContext", map[string]any{"value": "chrome"}, nil); err != nil {
		return err
	}
	return c.Call(ctx, "WebDriver:SetTimeouts", map[string]any{"script": limit.Milliseconds()}, nil)
}

// Quit ends the program at once; the connection is closed by the other side.
func (c *Client) Quit(ctx context.Context) error {
	return c.Call(ctx, "Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}}, nil)
}

// Run runs the body of an asynchronous function, with args as its array "args", and decodes what it returns into result
// unless that is nil. What the function throws comes back as a *RemoteError of kind "exception".
func (c *Client) Run(ctx context.Context, body string, result any, args ...any) error {
	if args == nil {
		args = []any{}
	}
	const frame = `
const settle = arguments[arguments.length - 1];
const args = Array.prototype.slice.call(arguments, 0, -1);
const describe = e => ({exception: String(e?.message ?? e), name: String(e?.name ?? e?.result ?? ""), stack: String(e?.stack ?? "")});
(async function () {
BODY
})().then(value => settle({value: value ?? null}), error => settle(describe(error)));
`
	var reply struct {
		Value *struct {
			Value                  json.RawMessage
			Exception, Name, Stack string
		}
	}
	err := c.Call(ctx, "WebDriver:ExecuteAsyncScript", map[string]any{
		"script": strings.Replace(frame, "BODY", body, 1), "args": args, "sandbox": "system", "newSandbox": false,
	}, &reply)
	switch {
	case err != nil:
		return err
	case reply.Value == nil:
		return errors.New("marionette: the script did not settle")
	case reply.Value.Exception != "":
		return &RemoteError{Kind: "exception", Message: reply.Value.Name + ": " + reply.Value.Exception, Stack: reply.Value.Stack}
	case result == nil:
		return nil
	}
	return json.Unmarshal(reply.Value.Value, result)
}
