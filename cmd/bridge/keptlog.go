package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"time"

	"crmbridge/pim"
)

// keptLine is a line of the log as it may leave the house: only words of the program's own,
// numbers and times. What anybody else may have written is "…".
type keptLine struct {
	Time    time.Time      `json:"time"`
	Level   string         `json:"level"`
	Message string         `json:"message"`
	Values  map[string]any `json:"values,omitempty"`
}

// keptError is an error without its text, which may repeat anything.
type keptError struct {
	Kind pim.Reason `json:"kind"`
	// Chain is what was being done, from the outside to the cause, and the types of what the
	// program did not make itself.
	Chain []string `json:"chain,omitempty"`
}

const (
	withheld = "…"
	// chainMost is how many links of an error are told.
	chainMost = 12
	stackMost = 30
)

// keeping passes records on to the log, and keeps those of use for a bug report in a ring.
type keeping struct {
	slog.Handler
	ring  *keptRing
	attrs []slog.Attr
	deep  bool // in a group, of which nothing is kept
}

// Enabled implements slog.Handler: what is worth keeping is kept at any level of the log.
func (k keeping) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo || k.Handler.Enabled(ctx, l)
}

// Handle implements slog.Handler.
func (k keeping) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelInfo {
		k.ring.add(k.line(r))
	}
	if !k.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return k.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (k keeping) WithAttrs(as []slog.Attr) slog.Handler {
	k.Handler = k.Handler.WithAttrs(as)
	if !k.deep {
		k.attrs = append(k.attrs[:len(k.attrs):len(k.attrs)], as...)
	}
	return k
}

// WithGroup implements slog.Handler.
func (k keeping) WithGroup(name string) slog.Handler {
	k.Handler, k.deep = k.Handler.WithGroup(name), true
	return k
}

func (k keeping) line(r slog.Record) keptLine {
	l := keptLine{Time: r.Time.UTC().Truncate(time.Millisecond), Level: r.Level.String(), Message: own(messageWords, r.Message)}
	keep := func(a slog.Attr) bool {
		if v := keptValue(a); v != nil && keyWords.MatchString(a.Key) {
			if l.Values == nil {
				l.Values = make(map[string]any)
			}
			l.Values[a.Key] = v
		}
		return true
	}
	for _, a := range k.attrs {
		keep(a)
	}
	if !k.deep {
		r.Attrs(keep)
	}
	return l
}

// What the program itself says looks like this; anything else is not told.
var (
	keyWords     = regexp.MustCompile(`^[a-zA-Z_]{1,32}$`)
	messageWords = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9 :;,'()_-]{0,160}$`)
	opWords      = regexp.MustCompile(`^[a-z][a-z ]{0,32}(: [a-z][a-z, -]{0,60})*$`)
	typeWords    = regexp.MustCompile(`^[*a-zA-Z0-9_./\[\]]{1,80}$`)
	frameWords   = regexp.MustCompile(`^[*a-zA-Z0-9_./\[\]()-]{1,160}$`)
	methodWords  = regexp.MustCompile(`^[A-Z]{1,16}$`)
	versionWords = regexp.MustCompile(`^[a-z0-9.+-]{1,40}$`)
	countsWords  = regexp.MustCompile(`^\{[a-zA-Z0-9":,]*\}$`)
	lineWords    = regexp.MustCompile(`([a-zA-Z0-9_]+/[a-zA-Z0-9_]+\.(?:go|s):[0-9]+)`)
)

// saidKeys are the keys whose texts are words of the program, with what those look like.
func saidKeys(key string) *regexp.Regexp {
	switch key {
	case "at", "outcome", "reason":
		return opWords
	case "method":
		return methodWords
	case "version":
		return versionWords
	case "counts":
		return countsWords
	}
	return nil
}

func own(words *regexp.Regexp, s string) string {
	if words.MatchString(s) {
		return s
	}
	return withheld
}

// keptValue is what is kept of a value: nil for nothing.
func keptValue(a slog.Attr) any {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return v.Any()
	case slog.KindTime:
		return v.Time().UTC()
	case slog.KindDuration:
		return v.Duration().String()
	case slog.KindString:
		return keptText(a.Key, v.String())
	case slog.KindGroup:
		return withheld
	}
	switch x := v.Any().(type) {
	case nil:
		return nil
	case error:
		if r, ok := x.(pim.Reason); ok {
			return keptText(a.Key, string(r))
		}
		return keptErrorOf(x)
	}
	switch r := reflect.ValueOf(v.Any()); {
	case r.CanInt():
		return r.Int()
	case r.CanUint():
		return r.Uint()
	case r.Kind() == reflect.String:
		return keptText(a.Key, r.String())
	}
	return withheld
}

func keptText(key, s string) any {
	if key == "stack" {
		return frames(s)
	}
	if words := saidKeys(key); words != nil {
		return own(words, s)
	}
	return withheld
}

// frames are the functions and lines of a stack, without arguments and folders.
func frames(stack string) (out []string) {
	for _, line := range strings.Split(stack, "\n") {
		if at := lineWords.FindString(line); at != "" && strings.HasPrefix(line, "\t") {
			if len(out) > 0 {
				out[len(out)-1] += " " + at
			}
			continue
		}
		if i := strings.LastIndex(line, "("); i > 0 && len(out) < stackMost {
			out = append(out, own(frameWords, line[:i]))
		}
	}
	return out
}

func keptErrorOf(err error) keptError {
	out := keptError{Kind: pim.ReasonOf(err)}
	var walk func(error)
	walk = func(err error) {
		if err == nil || len(out.Chain) >= chainMost {
			return
		}
		var text string
		switch e := err.(type) { //nolint:errorlint // each link of the chain is looked at in turn
		case *pim.Error:
			text = own(opWords, e.Op) + ": " + string(e.Kind)
		case pim.Reason:
			return
		case syscall.Errno:
			text = own(opWords, e.Error())
		default:
			if text = own(typeWords, fmt.Sprintf("%T", err)); strings.HasPrefix(text, "*fmt.wrap") || text == "*errors.joinError" {
				text = ""
			}
		}
		if text != "" {
			out.Chain = append(out.Chain, text)
		}
		switch e := err.(type) { //nolint:errorlint // as above
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, under := range e.Unwrap() {
				walk(under)
			}
		}
	}
	walk(err)
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			out.Chain = append(out.Chain, known.Error())
		}
	}
	return out
}

// foreign is the log of a part whose messages are texts with addresses in them: they become
// a value, of which nothing is kept.
type foreign struct {
	slog.Handler
	part string
}

// Handle implements slog.Handler.
func (f foreign) Handle(ctx context.Context, r slog.Record) error {
	said := slog.NewRecord(r.Time, r.Level, f.part, r.PC)
	said.AddAttrs(slog.String("text", r.Message))
	return f.Handler.Handle(ctx, said)
}

func (l keptLine) encode() ([]byte, error) {
	b, err := json.Marshal(l)
	return append(b, '\n'), err
}
