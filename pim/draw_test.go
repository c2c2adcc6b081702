package pim_test

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"pgregory.net/rapid"

	"crmbridge/pim"
)

// kinds are all of them, for drawing.
var kinds = []pim.Kind{pim.KindEvent, pim.KindTask, pim.KindContact, pim.KindMessage}

// draw fills an item at random by reflection, so that a new field is tested from its first
// day.
func draw(t *rapid.T, k pim.Kind, name string) pim.Item {
	it := pim.New(k)
	fill(t, reflect.ValueOf(it).Elem(), name)
	return it
}

func fill(t *rapid.T, v reflect.Value, name string) {
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Unix(rapid.Int64Range(0, 3).Draw(t, name)*3600, 0).UTC()
		return
	case *pim.When:
		switch rapid.IntRange(0, 3).Draw(t, name+" form") {
		case 1:
			*p = pim.On(2026, 11, rapid.IntRange(1, 3).Draw(t, name))
		case 2:
			*p = pim.When{Time: time.Unix(rapid.Int64Range(1, 3).Draw(t, name), 0).UTC(), Floating: true}
		case 3:
			*p = pim.At(time.Unix(rapid.Int64Range(1, 3).Draw(t, name), 0), rapid.SampledFrom([]string{"", "Europe/Berlin"}).Draw(t, name+" zone"))
		}
		return
	case *pim.Attachment:
		// One that is not carried stands for the carried one of its name in the base (TestAttachmentsMergeInParts): here it has a
		// name of its own, so that it is no part of any value.
		*p = pim.NewAttachment("left out", "", nil)
		if rapid.Bool().Draw(t, name+" carried") {
			*p = pim.NewAttachment(rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, name), "", []byte(rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, name+" bytes")))
		}
		return
	case *pim.Occurrence:
		fill(t, reflect.ValueOf(&p.At).Elem(), name+".At")
		if rapid.Bool().Draw(t, name+" there") {
			it := draw(t, rapid.SampledFrom([]pim.Kind{pim.KindEvent, pim.KindTask}).Draw(t, name+" kind"), name)
			pim.Copy(it, pim.New(it.Kind()), pim.Set(pim.FieldRecurrence)) // it has none of its own
			p.Item = it
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(rapid.SampledFrom([]string{"", "a", "b", "A", "x@example.org", "two\nlines", "+47 22"}).Draw(t, name))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, name))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64Range(0, 3).Draw(t, name))
	case reflect.Uint8:
		v.SetUint(uint64(rapid.IntRange(0, 2).Draw(t, name)))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), name+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		for i := range rapid.IntRange(0, 2).Draw(t, name+" length") {
			e := reflect.New(v.Type().Elem()).Elem()
			fill(t, e, fmt.Sprintf("%s[%d]", name, i))
			if all, ok := v.Interface().([]pim.When); ok && slices.ContainsFunc(all, e.Interface().(pim.When).Equal) {
				continue // days are a set: once or twice is the same
			}
			v.Set(reflect.Append(v, e))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, name+" there") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem(), name)
		}
	default:
		t.Fatalf("no way to draw a %s for %s", v.Kind(), name)
	}
}

// scribble overwrites everything that can be reached.
func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 1)))
			return
		}
		for i := range v.NumField() {
			scribble(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			scribble(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			scribble(v.Elem())
		}
	case reflect.String:
		v.SetString("scribbled")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(99)
	case reflect.Uint8:
		v.SetUint(99)
	}
}
