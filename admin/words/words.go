// Package words has what the pages say, in every language that they speak.
//
//	words.go   languages, and which one somebody gets
//	printer.go Printer: texts, numbers and times in one language
//	reasons.go what the program tells in English elsewhere, by the formats that it is made by
//	*.yaml     a catalogue for each language: keys by page, plurals by the categories of CLDR
//	reasons/   a catalogue of formats for each language but English
//
// A key that English has and another language does not, one that no page uses, and a text that takes other values than the English one make a
// test fail; and so does a text of the program's that there is no translation of. What is written by people and CRMs is no matter of this package.
package words

import (
	"embed"
	"fmt"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"gopkg.in/yaml.v3"
)

//go:embed *.yaml
var catalogues embed.FS

// Language is one that the pages speak.
type Language struct {
	Code string // BCP 47
	Name string // in itself
}

// Languages are all of them; the first is for whoever asks for none of these.
func Languages() []Language {
	return []Language{{"en", "English"}, {"fi", "Suomi"}, {"pt", "Português"}, {"ru", "Русский"}, {"sv", "Svenska"}}
}

// Book is all catalogues. It does not change.
type Book struct {
	matcher  language.Matcher
	printers []*Printer
}

// Open reads the catalogues that the program carries.
func Open() (*Book, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	b := &Book{}
	var tags []language.Tag
	for _, l := range Languages() {
		if _, err := bundle.LoadMessageFileFS(catalogues, l.Code+".yaml"); err != nil {
			return nil, fmt.Errorf("words: %s: %w", l.Code, err)
		}
		p, err := newPrinter(bundle, l.Code)
		if err != nil {
			return nil, err
		}
		tags, b.printers = append(tags, language.Make(l.Code)), append(b.printers, p)
	}
	b.matcher = language.NewMatcher(tags)
	return b, nil
}

// For is the language of somebody who chose one ("" is none) and whose browser asks for others, as Accept-Language has it.
func (b *Book) For(choice, accept string) *Printer {
	wants, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		wants = nil
	}
	if chosen, err := language.Parse(choice); choice != "" && err == nil {
		wants = append([]language.Tag{chosen}, wants...)
	}
	_, i, _ := b.matcher.Match(wants...)
	return b.printers[i]
}

// Known reports whether code is one of Languages.
func Known(code string) bool {
	for _, l := range Languages() {
		if l.Code == code {
			return true
		}
	}
	return false
}
