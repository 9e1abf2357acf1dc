package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

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

// TestProblemsAreCounted prints the first ones only.
func TestProblemsAreCounted(t *testing.T) {
	var text strings.Builder
	list := problems{w: &text}
	if err := list.end(); err != nil || text.Len() > 0 {
		t.Errorf("none: %v, %q", err, text.String())
	}
	for n := range maxProblems + 7 {
		list.add(fmt.Sprintf("problem <%d>", n))
	}
	err := list.end()
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint(maxProblems+7)) || !strings.HasSuffix(text.String(), "<99>\nand 7 more\n") {
		t.Errorf("%v, %q", err, text.String())
	}
}
