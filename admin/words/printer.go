package words

import (
	"fmt"
	"time"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/en"
	"github.com/go-playground/locales/fi"
	"github.com/go-playground/locales/pt"
	"github.com/go-playground/locales/ru"
	"github.com/go-playground/locales/sv"
	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// Printer says things in one language. It may be used by many at once.
type Printer struct {
	code   string
	local  *i18n.Localizer
	format locales.Translator
	// reasons are nil for English, which needs none.
	reasons func() *reasons
}

func newPrinter(bundle *i18n.Bundle, code string) (*Printer, error) {
	formats := map[string]func() locales.Translator{"en": en.New, "fi": fi.New, "pt": pt.New, "ru": ru.New, "sv": sv.New}
	make, ok := formats[code]
	if !ok {
		return nil, fmt.Errorf("words: numbers and times of %q are not known", code)
	}
	p := &Printer{code: code, local: i18n.NewLocalizer(bundle, code), format: make()}
	if code != Languages()[0].Code {
		p.reasons = lazily(code)
	}
	return p, nil
}

// Code is the language, as BCP 47 has it.
func (p *Printer) Code() string { return p.code }

// Say is the text with a key; pairs are names and values that stand in it. A key that there is none of is shown as it is: a test keeps that
// from happening.
func (p *Printer) Say(key string, pairs ...any) string {
	return p.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: p.values(pairs)})
}

// Count is the text with a key for n of something; in the text, the number is {{.N}}.
func (p *Printer) Count(key string, n int, pairs ...any) string {
	return p.say(&i18n.LocalizeConfig{MessageID: key, PluralCount: n, TemplateData: p.values(append(pairs, "N", n))})
}

func (p *Printer) say(c *i18n.LocalizeConfig) string {
	text, err := p.local.Localize(c)
	if err != nil && text == "" {
		return c.MessageID
	}
	return text
}

// Word is the text for one of a family of words, such as the states of a link: key "family.word". A word that there is no text for, which
// may come from a newer version, is shown as it is.
func (p *Printer) Word(family, word string) string {
	text, err := p.local.Localize(&i18n.LocalizeConfig{MessageID: family + "." + word})
	if err != nil && text == "" {
		return word
	}
	return text
}

func (p *Printer) values(pairs []any) map[string]any {
	values := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		v := pairs[i+1]
		if n, ok := v.(int); ok {
			v = p.Number(n)
		}
		values[fmt.Sprint(pairs[i])] = v
	}
	return values
}

// Number is n with the separators of the language.
func (p *Printer) Number(n int) string { return p.format.FmtNumber(float64(n), 0) }

// Date is the day of t, where t is.
func (p *Printer) Date(t time.Time) string { return p.format.FmtDateMedium(t) }

// Time is t to the minute, where t is.
func (p *Printer) Time(t time.Time) string {
	return p.format.FmtDateMedium(t) + " " + p.format.FmtTimeShort(t)
}
