package dav

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"crmbridge/store"
)

// post is RFC 5995: what is sent to a collection becomes a member of it, and the server finds its name. The preconditions
// are those of PUT (RFC 4791 5.3.2.1, RFC 6352 6.3.2.1).
func (q *request) post() error {
	c, err := readConditions(q.r.Header, q.hosts)
	if err != nil {
		return err
	}
	text, err := q.readText()
	if err != nil {
		return err
	}
	doc, err := q.at.flavor.read(q.at.flavor, text, q.h.limits)
	if err != nil {
		return err
	}
	collection := q.at
	return q.commit(func(tx *store.Tx) (outcome, error) {
		parent, err := q.parent(tx, collection)
		if err != nil {
			return outcome{}, err
		}
		// A collection has no representation of its own that a tag could name (RFC 9110 13.1); If may name its token.
		if !c.holds(state{}) {
			return outcome{refused: preconditionFailed()}, nil
		}
		if ok, err := q.check(tx, &conditions{ifs: c.ifs}, parent); err != nil {
			return outcome{}, err
		} else if !ok {
			return outcome{refused: preconditionFailed()}, nil
		}
		if err := accepts(parent, doc.component()); err != nil {
			return outcome{}, err
		}
		if doc, err = q.settle(tx, doc, parent, string(text), nil); err != nil {
			return outcome{}, err
		}
		if q.at, err = q.freeMember(tx, collection, doc.uid()); err != nil {
			return outcome{}, err
		}
		w := putting{q: q, tx: tx, parent: parent, doc: doc, sent: text}
		out, err := w.write(nil)
		if out.status == http.StatusCreated {
			out.location = q.at.path()
		}
		return out, err
	})
}

// freeMember finds a name for an object: its UID where that is a plain word, as other programs name objects so, else a name
// made of it. A name that something else has gets another one made of both.
func (q *request) freeMember(tx *store.Tx, collection target, uid string) (target, error) {
	name := uid
	if !plainName(uid) {
		name = derivedName(uid)
	}
	for {
		t := collection.member(name + collection.flavor.extension)
		r, err := q.exists(tx, t)
		if err != nil || r == nil { // under a free name, a UID that is taken is refused as in a PUT
			return t, err
		}
		name = derivedName(name + "\n" + uid)
	}
}

func derivedName(text string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:crmbridge:member:"+text)).String()
}

// plainName says whether a UID can be a name as it is: no program stumbles over it, whatever it does with URLs and files.
func plainName(uid string) bool {
	const most = 100
	if uid == "" || len(uid) > most || uid[0] == '.' {
		return false
	}
	return !strings.ContainsFunc(uid, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("-_.@", r)
	})
}
