package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// The index of words finds the cards of a collection that hold some text, without reading the others.
//
// It lags behind on purpose: entering a card costs as much as the rest of writing it, and a fifth of that among others. Which
// change of the collection it has come to is kept beside it (WordIndex), and a search reads whatever changed since. So who
// writes objects need not know of it, nothing that is there can be missed, and a collection nobody searches costs nothing.

// Words is a question for the index of words.
type Words struct {
	// Edition is how words are made of texts; an index of another edition is not asked.
	Edition int
	// Of each list a card has at least one text among its words. Texts have three characters or more.
	Of [][]string
	// Behind is called when the index is so far behind that IndexWords should be called. It must not use the
	// transaction. nil: nobody minds.
	Behind func()
}

// WordMaker makes words of texts for the index.
type WordMaker struct {
	Edition int // counts the ways in which words were made
	// Of returns the words of the text of a card. whole is false when the card may match what it has no words for.
	Of func(text []byte) (words string, whole bool)
}

const (
	// wordsBehind is how many changed cards a search reads before it asks for them to be indexed, and wordsLost how many
	// before it does better without the index.
	wordsBehind = 64
	wordsLost   = 1000
	// wordsAtOnce is how many cards are indexed in a transaction: 15 ms of SQLite's one writer.
	wordsAtOnce = 500
)

// anyWords stands in the index for a card that may match anything. No text of XML has its characters.
const anyWords = "\x01\x01\x01"

// wordKey is the row of a card in SQLite's index: the cards of a collection lie side by side, so that others cost nothing.
// Beyond these numbers there is no index.
const wordBits = 40

func wordKey(c CollectionID, o ObjectID) (key int64, ok bool) {
	return int64(c)<<wordBits | int64(o), c < 1<<(63-wordBits) && o < 1<<wordBits
}

// byWords returns the ids of the cards that the index does not rule out, ascending, or false when reading all
// texts is better.
func (t *Tx) byWords(c CollectionID, w Words) ([]ObjectID, bool, error) {
	if _, ok := wordKey(c, 0); !ok || !w.valid() {
		return nil, false, nil
	}
	state, known, err := t.wordState(c)
	if err != nil {
		return nil, false, err
	}
	if !known || state.Edition != w.Edition {
		w.behind()
		return nil, false, nil
	}
	var changed []ObjectID
	err = t.ids(&changed, `SELECT o.id FROM objects AS o WHERE o.collection_id = ? AND o.seq > ? AND NOT o.deleted ORDER BY o.seq LIMIT ?`,
		[]any{c, state.Seq, wordsLost + 1})
	if err != nil {
		return nil, false, err
	}
	if len(changed) > wordsBehind {
		w.behind()
	}
	if len(changed) > wordsLost {
		return nil, false, nil
	}
	var found []ObjectID
	if t.s.postgres {
		query, args := w.like(c)
		err = t.ids(&found, query, args)
	} else {
		first, _ := wordKey(c, 0)
		err = t.ids(&found, `SELECT rowid - ? FROM card_words WHERE card_words MATCH ? AND rowid >= ? AND rowid < ? ORDER BY rowid`,
			[]any{first, w.match(), first, first + 1<<wordBits})
	}
	if err != nil {
		return nil, false, err
	}
	if len(found) > wordsLost { // reading one by one takes twice as long
		living, _, err := t.Count(c)
		if err != nil || 2*len(found) > living {
			return nil, false, err
		}
	}
	found = append(found, changed...)
	slices.Sort(found)
	return slices.Compact(found), true, nil
}

func (w Words) behind() {
	if w.Behind != nil {
		w.Behind()
	}
}

func (w Words) valid() bool {
	return len(w.Of) > 0 && !slices.ContainsFunc(w.Of, func(list []string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(text string) bool { return utf8.RuneCountInString(text) < 3 || !storable(text) })
	})
}

// match is the question in the language of FTS5.
func (w Words) match() string {
	var b strings.Builder
	b.WriteByte('(')
	for i, list := range w.Of {
		if i > 0 {
			b.WriteString(` AND `)
		}
		b.WriteByte('(')
		for j, text := range list {
			if j > 0 {
				b.WriteString(` OR `)
			}
			b.WriteString(trigrams(text))
		}
		b.WriteByte(')')
	}
	b.WriteString(`) OR "` + anyWords + `"`)
	return b.String()
}

// maxTrigrams is how many of the trigrams of a text are asked for: each is a list to be read, and few cards have so many
// by chance.
const maxTrigrams = 8

// trigrams asks for those that the text consists of, side by side and then its last.
func trigrams(text string) string {
	runes := []rune(text)
	runes = runes[:min(len(runes), 3*maxTrigrams)]
	quote := func(r []rune) string { return `"` + strings.ReplaceAll(string(r), `"`, `""`) + `"` }
	var parts []string
	for len(runes) >= 3 {
		parts = append(parts, quote(runes[:3]))
		runes = runes[min(3, max(1, len(runes)-3)):]
	}
	return `(` + strings.Join(parts, ` AND `) + `)`
}

// like is the question for PostgreSQL.
func (w Words) like(c CollectionID) (query string, args []any) {
	var b strings.Builder
	b.WriteString(`SELECT object_id FROM card_words WHERE collection_id = ?`)
	args = append(args, c)
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	for _, list := range w.Of {
		b.WriteString(` AND (words LIKE ?` + strings.Repeat(` OR words LIKE ?`, len(list)-1) + `)`)
		for _, text := range list {
			args = append(args, `%`+escape.Replace(text)+`%`)
		}
	}
	b.WriteString(` UNION ALL SELECT object_id FROM card_words WHERE collection_id = ? AND words IS NULL`)
	return b.String(), append(args, c)
}

// wordState is how far the index of a collection has come; false when it was not begun.
func (t *Tx) wordState(c CollectionID) (WordIndex, bool, error) {
	w := WordIndex{CollectionID: c}
	err := t.row(`SELECT seq, edition FROM word_index WHERE collection_id = ?`+t.forUpdate(), c).Scan(&w.Seq, &w.Edition)
	if errors.Is(err, sql.ErrNoRows) {
		return w, false, nil
	}
	return w, err == nil, err
}

// wordStep is a part of the changes of a collection, for the index.
type wordStep struct {
	was, now WordIndex
	begun    bool // was is in the database
	cards    []wordsOf
	more     bool // there are changes behind these
	deleted  bool // the collection is
}

// wordsOf are the words of one object.
type wordsOf struct {
	id     ObjectID
	living bool // else it is to be in the index no longer
	whole  bool
	words  string
}

// IndexWords brings the index of the words of a collection further, by so many changes that no writer waits long. more is
// true while there are others: it is then called again. One that is deleted is taken out of the index. Several
// at once do no harm.
func (s *Store) IndexWords(ctx context.Context, c CollectionID, m WordMaker) (more bool, err error) {
	var step wordStep
	err = s.View(ctx, func(t *Tx) error {
		step, err = t.wordStep(c, m)
		return fail("index words", err)
	})
	if err != nil || !step.more && step.begun && step.was == step.now && !step.deleted {
		return false, err
	}
	slices.SortFunc(step.cards, func(a, b wordsOf) int { return int(a.id - b.id) }) // as the index is written fastest
	err = s.Update(ctx, func(t *Tx) error { return fail("index words", t.enterWords(step)) })
	return step.more, err
}

// wordStep reads the next changes, and the words of their texts.
func (t *Tx) wordStep(c CollectionID, m WordMaker) (step wordStep, err error) {
	if step.was, step.begun, err = t.wordState(c); err != nil {
		return step, err
	}
	step.now = WordIndex{CollectionID: c, Edition: m.Edition}
	var last Seq
	if err := t.row(`SELECT seq, deleted FROM collections WHERE id = ?`, c).Scan(&last, &step.deleted); err != nil {
		return step, err
	}
	if step.was.Edition == m.Edition {
		step.now.Seq = step.was.Seq
	}
	if _, ok := wordKey(c, 0); !ok {
		return step, nil
	}
	n := 0
	err = t.stream(withText, ` WHERE o.collection_id = ? AND o.seq > ? ORDER BY o.seq LIMIT ?`, []any{c, step.now.Seq, wordsAtOnce}, func(o *Object) error {
		w := wordsOf{id: o.ID, living: !o.Deleted && o.Component == cardComponent}
		if w.living {
			w.words, w.whole = m.Of(o.Text)
		}
		step.cards = append(step.cards, w)
		n++
		step.now.Seq = o.Seq
		return nil
	})
	if step.more = n == wordsAtOnce; !step.more {
		step.now.Seq = max(step.now.Seq, last)
	}
	return step, err
}

// cardComponent is the component of cards, which alone have words.
const cardComponent = "VCARD"

// enterWords writes a step, unless another one was faster. On PostgreSQL two first steps may both be written: the later one
// says how far it has come itself.
func (t *Tx) enterWords(step wordStep) error {
	was, begun, err := t.wordState(step.was.CollectionID)
	if err != nil || was != step.was || begun != step.begun {
		return err
	}
	c := step.now.CollectionID
	for _, w := range step.cards {
		if err := t.enterCard(c, w, step.begun); err != nil {
			return err
		}
	}
	if step.deleted && !step.more {
		_, err := t.exec(`DELETE FROM word_index WHERE collection_id = ?`, c)
		return err
	}
	_, err = t.exec(`INSERT INTO word_index (collection_id, seq, edition) VALUES (?, ?, ?)
		ON CONFLICT (collection_id) DO UPDATE SET seq = excluded.seq, edition = excluded.edition`, c, step.now.Seq, step.now.Edition)
	return err
}

// enterCard replaces the words of one card. known says that it may have some.
func (t *Tx) enterCard(c CollectionID, w wordsOf, known bool) error {
	if t.s.postgres {
		var words any
		if w.whole {
			words = w.words
		}
		if !w.living {
			_, err := t.exec(`DELETE FROM card_words WHERE object_id = ?`, w.id)
			return err
		}
		_, err := t.exec(`INSERT INTO card_words (object_id, collection_id, words) VALUES (?, ?, ?)
			ON CONFLICT (object_id) DO UPDATE SET words = excluded.words`, w.id, c, words)
		return err
	}
	key, ok := wordKey(c, w.id)
	if !ok {
		return errors.New("too many objects for the index of words")
	}
	if known {
		if _, err := t.exec(`DELETE FROM card_words WHERE rowid = ?`, key); err != nil {
			return err
		}
	}
	if !w.living {
		return nil
	}
	words := w.words
	if !w.whole {
		words = anyWords
	}
	_, err := t.exec(`INSERT INTO card_words (rowid, words) VALUES (?, ?)`, key, words)
	return err
}

// WordsBehind returns the collections whose words are indexed and that changed since, deleted ones too. What was deleted leaves
// the index when IndexWords is called for them.
func (t *Tx) WordsBehind() ([]CollectionID, error) {
	var ids []CollectionID
	rows, err := t.query(`SELECT w.collection_id FROM word_index AS w JOIN collections AS c ON c.id = w.collection_id WHERE c.seq > w.seq`)
	if err != nil {
		return nil, fail("words behind", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id CollectionID
		if err := rows.Scan(&id); err != nil {
			return nil, fail("words behind", err)
		}
		ids = append(ids, id)
	}
	return ids, fail("words behind", rows.Err())
}
