package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"menshen/store"
)

// TestExportLeavesNothingOut fills every field of what is held and looks for each
// value in the JSON.
func TestExportLeavesNothingOut(t *testing.T) {
	f := filler{}
	var held store.Export
	held.User.Phone = &store.Phone{}
	held.User.FormerIDs, held.User.EarlierUnionIDs = make([]string, 1), make([]string, 1)
	held.User.Identities, held.Sessions, held.Events = make([]store.Identity, 1), make([]store.Session, 1), make([]store.AuditEvent, 1)
	f.fill(reflect.ValueOf(&held).Elem())
	text, err := json.Marshal(newDossier(held))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.values) < 40 {
		t.Fatalf("found %d fields, want all of them", len(f.values))
	}
	for field, value := range f.values {
		if !strings.Contains(string(text), value) {
			t.Errorf("%s is not in the JSON", field)
		}
	}
}

// TestExportCommandsNoTerminal has a name begin with CSI, which a terminal obeys,
// and end with all that turns the direction of writing.
func TestExportCommandsNoTerminal(t *testing.T) {
	const name = "\u009b31mred\x7f\n\x1b[0m 门神🚪\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
	var held store.Export
	held.User.Profile.NickName = name
	var text strings.Builder
	if err := newDossier(held).print(&text); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(text.String(), func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Bidi_Control) && r != '\n' }) {
		t.Errorf("printed %q", text.String())
	}
	var got dossier
	if err := json.Unmarshal([]byte(text.String()), &got); err != nil || got.User.Profile.NickName != name {
		t.Errorf("printed the name %q, %v, want %q", got.User.Profile.NickName, err, name)
	}
}

// filler gives each field another value, but those of a refresh token, which are
// secrets.
type filler struct {
	n      int
	values map[string]string // as JSON has them
}

func (f *filler) fill(v reflect.Value) { f.set("", v) }

func (f *filler) set(name string, v reflect.Value) {
	if f.values == nil {
		f.values = map[string]string{}
	}
	f.n++
	switch at := v.Addr().Interface().(type) {
	case *time.Time:
		*at = time.Unix(int64(f.n), 0).UTC()
		f.values[name] = at.Format(time.RFC3339)
		return
	case *store.Day:
		*at = store.Day(f.n)
		f.values[name] = at.String()
		return
	case *store.RefreshToken, *[]store.RefreshToken:
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.set(name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			f.set(fmt.Sprint(name, "[", i, "]"), v.Index(i))
		}
	case reflect.Pointer:
		f.set(name, v.Elem())
	case reflect.String:
		v.SetString(fmt.Sprint("value ", f.n))
		f.values[name] = fmt.Sprintf("%q", v.String())
	case reflect.Int:
		v.SetInt(int64(1000 + f.n))
		f.values[name] = fmt.Sprint(":", v.Int())
	case reflect.Bool:
		v.SetBool(true)
		f.values[name] = ":true"
	}
}
