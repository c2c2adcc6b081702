// Package marionette is a client of Marionette, the remote protocol of Mozilla programs: JSON messages, each preceded by
// its length in decimal and a colon, over TCP. Scripts run with the program's own privileges ("chrome" context), which is
// how the parts of Thunderbird that have no web page are reached.
//
// Not here: what the scripts do (package thunderbird) and starting the program.
package marionette

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

// maxMessage bounds a message; a screenshot of a large window is the longest that was seen.
const maxMessage = 64 << 20

// ErrProtocol says that the other side does not speak Marionette.
var ErrProtocol = errors.New("marionette: protocol error")

// RemoteError is a failure that the program reported.
type RemoteError struct {
	Kind    string `json:"error"` // such as "javascript error"
	Message string `json:"message"`
	Stack   string `json:"stacktrace"`
}

func (e *RemoteError) Error() string { return "marionette: " + e.Kind + ": " + e.Message }

// Client is one connection. Its methods may be called concurrently; calls are made one after the other.
type Client struct {
	mu   sync.Mutex
	conn net.Conn
	in   *bufio.Reader
	last int
}

// Dial connects, trying again until ctx ends because the program listens only some time after its start.
func Dial(ctx context.Context, address string) (*Client, error) {
	var last error
	for {
		c, err := dial(ctx, address)
		if err == nil {
			return c, nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("marionette: connect to %s: %w", address, last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func dial(ctx context.Context, address string) (*Client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &Client{conn: conn, in: bufio.NewReader(conn)}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer stop()
	var hello struct {
		Protocol int `json:"marionetteProtocol"`
	}
	message, err := readMessage(c.in)
	if err == nil {
		err = json.Unmarshal(message, &hello)
	}
	if err == nil && hello.Protocol != 3 {
		err = fmt.Errorf("%w: version %d", ErrProtocol, hello.Protocol)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Close closes the connection; the program goes on.
func (c *Client) Close() error { return c.conn.Close() }

// Call sends a command and decodes its result into result, unless that is nil. A failure that the program reports is a
// *RemoteError. After any other error the connection is of no more use.
func (c *Client) Call(ctx context.Context, command string, params, result any) error {
	if params == nil {
		params = struct{}{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Now()) })
	defer stop()

	c.last++
	if err := c.send(command, params); err != nil {
		return fmt.Errorf("marionette: %s: %w", command, err)
	}
	for {
		message, err := readMessage(c.in)
		if err != nil {
			return fmt.Errorf("marionette: %s: %w", command, err)
		}
		mine, remote, value, err := parseReply(message, c.last)
		switch {
		case err != nil:
			return fmt.Errorf("marionette: %s: %w", command, err)
		case !mine:
			continue
		case remote != nil:
			return remote
		case result == nil:
			return nil
		}
		if err := json.Unmarshal(value, result); err != nil {
			return fmt.Errorf("marionette: %s: result: %w", command, err)
		}
		return nil
	}
}

func (c *Client) send(command string, params any) error {
	message, err := json.Marshal([]any{0, c.last, command, params})
	if err != nil {
		return err
	}
	_, err = c.conn.Write(append([]byte(strconv.Itoa(len(message))+":"), message...))
	return err
}

// parseReply takes a message apart: [1, id, error or null, result]. Mine is false for the answer to an earlier call.
func parseReply(message []byte, id int) (mine bool, remote *RemoteError, value json.RawMessage, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(message, &parts); err != nil || len(parts) != 4 {
		return false, nil, nil, fmt.Errorf("%w: not a reply: %.80q", ErrProtocol, message)
	}
	var kind, of int
	if json.Unmarshal(parts[0], &kind) != nil || json.Unmarshal(parts[1], &of) != nil {
		return false, nil, nil, fmt.Errorf("%w: not a reply: %.80q", ErrProtocol, message)
	}
	if kind != 1 || of != id {
		return false, nil, nil, nil
	}
	if err := json.Unmarshal(parts[2], &remote); err != nil {
		return false, nil, nil, fmt.Errorf("%w: error value: %w", ErrProtocol, err)
	}
	return true, remote, parts[3], nil
}

// readMessage reads one message without its length.
func readMessage(in *bufio.Reader) ([]byte, error) {
	length := 0
	for digits := 0; ; digits++ {
		b, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		if b == ':' && digits > 0 {
			break
		}
		if b < '0' || b > '9' || digits > 8 {
			return nil, fmt.Errorf("%w: length", ErrProtocol)
		}
		length = length*10 + int(b-'0')
	}
	if length > maxMessage {
		return nil, fmt.Errorf("%w: message of %d bytes", ErrProtocol, length)
	}
	message := make([]byte, length)
	_, err := io.ReadFull(in, message)
	return message, err
}
