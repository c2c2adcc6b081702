package pim

import (
	"encoding/json"
	"fmt"
)

// Kind tells the four kinds of item apart. The zero value is no kind.
type Kind uint8

// The kinds. Their order is fixed: values are stored.
const (
	KindEvent   Kind = 1 + iota // VEVENT, RFC 5545 3.6.1
	KindTask                    // VTODO, RFC 5545 3.6.2
	KindContact                 // a vCard, RFC 6350
	KindMessage                 // an e-mail message, RFC 5322
)

var kindNames = [...]string{"", "event", "task", "contact", "message"}

// String is the word used in configuration, reports and logs; "" for no kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind reads what String prints.
func ParseKind(s string) (Kind, error) {
	for k := KindEvent; k <= KindMessage; k++ {
		if kindNames[k] == s {
			return k, nil
		}
	}
	return 0, fmt.Errorf("pim: %q is no kind of item", s)
}

// MarshalText makes kinds readable in JSON and YAML.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *Kind) UnmarshalText(b []byte) error {
	v, err := ParseKind(string(b))
	if err == nil {
		*k = v
	}
	return err
}

// KindSet is a set of kinds; the zero value is empty.
type KindSet uint8

// Kinds makes a set.
func Kinds(ks ...Kind) KindSet {
	var s KindSet
	for _, k := range ks {
		s |= 1 << k
	}
	return s
}

// Has reports whether k is in the set.
func (s KindSet) Has(k Kind) bool { return s&(1<<k) != 0 }

// List returns the members in their fixed order.
func (s KindSet) List() []Kind {
	var ks []Kind
	for k := KindEvent; k <= KindMessage; k++ {
		if s.Has(k) {
			ks = append(ks, k)
		}
	}
	return ks
}

// Item is the typed view of one item: an *Event, *Task, *Contact or *Message,
// never nil inside. Items handed to other packages are values in spirit: who
// wants to change one takes a Clone first.
type Item interface {
	// Kind says which of the four types this is.
	Kind() Kind
	// ID is the UID (RFC 5545 3.8.4.7, RFC 6350 6.7.6; Message-ID for mail),
	// "" when the source has none.
	ID() string
	// Summary is one line for people: title or name. It may hold private
	// content and must not be logged.
	Summary() string
}

// New returns an empty item of kind k, nil for an unknown kind.
func New(k Kind) Item {
	switch k {
	case KindEvent:
		return &Event{}
	case KindTask:
		return &Task{}
	case KindContact:
		return &Contact{}
	case KindMessage:
		return &Message{}
	}
	return nil
}

type envelope struct {
	Kind Kind            `json:"kind"`
	Item json.RawMessage `json:"item"`
}

// EncodeItem writes it as JSON that names its kind, for storage; nil gives nil.
func EncodeItem(it Item) ([]byte, error) {
	if it == nil {
		return nil, nil
	}
	b, err := json.Marshal(it)
	if err != nil {
		return nil, fmt.Errorf("pim: encode %s: %w", it.Kind(), err)
	}
	return json.Marshal(envelope{Kind: it.Kind(), Item: b})
}

// DecodeItem reads what EncodeItem wrote; empty input gives a nil item.
func DecodeItem(b []byte) (Item, error) {
	if len(b) == 0 {
		return nil, nil
	}
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, fmt.Errorf("pim: decode item: %w", err)
	}
	it := New(e.Kind)
	if err := json.Unmarshal(e.Item, it); err != nil {
		return nil, fmt.Errorf("pim: decode %s: %w", e.Kind, err)
	}
	return it, nil
}
