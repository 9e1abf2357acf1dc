package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/token"
)

func TestOpenKeepsWhatItFinds(t *testing.T) {
	f := open(t, token.ES256)
	raw := f.issue(t)
	other := f.again(t)
	if diff := cmp.Diff(f.Keys(), other.Keys()); diff != "" {
		t.Error(diff)
	}
	other.wantVerify(t, raw, nil)
	if f.shelf.writes != 1 {
		t.Errorf("%d writes, want 1", f.shelf.writes)
	}
}

func TestOpenAtOnce(t *testing.T) {
	s := &shelf{}
	opts := token.Options{Issuer: issuer, Load: s.load, Update: s.update}
	signers := make([]*token.Signer, 16)
	var all sync.WaitGroup
	for i := range signers {
		all.Go(func() {
			var err error
			if signers[i], err = token.Open(t.Context(), opts); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, signer := range signers {
		if diff := cmp.Diff(signers[0].Keys(), signer.Keys()); diff != "" || len(signer.Keys()) != 2 {
			t.Fatalf("%d keys %s", len(signer.Keys()), diff)
		}
	}
}

// Another process makes the keys after this one has found none.
func TestOpenComesSecond(t *testing.T) {
	f := open(t, token.ES256)
	f.opts.Load = func(context.Context) ([]byte, error) { return nil, nil }
	if diff := cmp.Diff(f.Keys(), f.again(t).Keys()); diff != "" {
		t.Error(diff)
	}
}

func TestOpenWithAnotherAlgorithm(t *testing.T) {
	f := open(t, token.ES256)
	raw, refresh := f.issue(t), f.refresh(t, f.NextRefresh("ses_1", 0))
	f.clock.advance(time.Minute)
	f.opts.Algorithm = token.EdDSA
	f = f.again(t)
	f.wantVerify(t, raw, nil)
	f.wantParse(t, refresh, nil)
	if header, _, _ := segments(t, f.issue(t)); !strings.Contains(header, `"alg":"EdDSA"`) {
		t.Errorf("header %s", header)
	}
	keys := f.Keys()
	later := start.Add(time.Minute)
	want := []token.KeyInfo{
		{ID: keys[0].ID, Use: "access", Algorithm: token.ES256, CreatedAt: start, RetiredAt: later},
		{ID: keys[1].ID, Use: "access", Algorithm: token.EdDSA, CreatedAt: later, Active: true},
		{ID: keys[2].ID, Use: "refresh", Algorithm: "HMAC-SHA256", CreatedAt: start, Active: true},
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

func TestOpenKeepsTheAlgorithm(t *testing.T) {
	f := open(t, token.EdDSA)
	f.opts.Algorithm = ""
	again := f.again(t)
	if diff := cmp.Diff(f.Keys(), again.Keys()); diff != "" {
		t.Error(diff)
	}
	if err := again.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if header, _, _ := segments(t, again.issue(t)); !strings.Contains(header, `"alg":"EdDSA"`) {
		t.Errorf("header %s", header)
	}
}

func TestOpenRefusesOptions(t *testing.T) {
	s := &shelf{}
	good := token.Options{Issuer: issuer, Load: s.load, Update: s.update}
	tests := map[string]func(*token.Options){
		"no issuer":          func(o *token.Options) { o.Issuer = "" },
		"a shared secret":    func(o *token.Options) { o.Algorithm = "HS256" },
		"a cache of nothing": func(o *token.Options) { o.CacheSize = -1 },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			opts := good
			change(&opts)
			if _, err := token.Open(t.Context(), opts); err == nil || s.data != nil {
				t.Errorf("error %v, key set of %d bytes", err, len(s.data))
			}
		})
	}
}

func TestRotateAndPrune(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			f := open(t, alg)
			old, refresh := f.issue(t), f.refresh(t, f.NextRefresh("ses_1", 0))
			retired := f.Keys()
			f.wantVerify(t, old, nil) // and remember it
			if err := f.Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
			fresh := f.issue(t)
			f.wantVerify(t, old, nil)
			f.wantVerify(t, fresh, nil)

			f.clock.advance(time.Minute + time.Second)
			// The refresh key was retired a moment ago.
			f.wantPrune(t, time.Time{}, retired[0].ID)
			f.wantVerify(t, old, token.ErrUnknownKey)
			f.wantVerify(t, fresh, nil)
			f.wantParse(t, refresh, nil)

			f.clock.advance(time.Second)
			f.wantPrune(t, start) // a session is as old as the rotation
			f.wantPrune(t, start.Add(time.Second))
			f.wantParse(t, refresh, nil)
			f.wantPrune(t, start.Add(time.Second+1), retired[1].ID)
			f.wantParse(t, refresh, token.ErrUnknownKey)
			f.wantParse(t, f.refresh(t, f.NextRefresh("ses_1", 0)), nil)
			f.wantPrune(t, time.Time{})
		})
	}
}

func TestRotateDatesKeys(t *testing.T) {
	f := open(t, token.ES256)
	for range 2 {
		f.clock.advance(time.Minute + 900*time.Millisecond)
		if err := f.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	type dates struct {
		created, retired time.Duration
		active           bool
	}
	one, two := 60*time.Second, 121*time.Second
	want := []dates{{0, one, false}, {one, two, false}, {two, 0, true}}
	for _, use := range []string{token.UseAccess, token.UseRefresh} {
		var got []dates
		for _, key := range f.Keys() {
			if key.Use == use {
				got = append(got, dates{key.CreatedAt.Sub(start), max(0, key.RetiredAt.Sub(start)), key.Active})
			}
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(dates{})); diff != "" {
			t.Errorf("%s keys %s", use, diff)
		}
	}
}

// Two processes share a store: each learns at Reload what the other did.
func TestReload(t *testing.T) {
	a := open(t, token.ES256)
	b := a.again(t)
	old := a.issue(t)
	b.wantVerify(t, old, nil)
	if err := a.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh, refresh := a.issue(t), a.refresh(t, a.NextRefresh("ses_1", 0))
	b.wantVerify(t, fresh, token.ErrUnknownKey)
	b.wantParse(t, refresh, token.ErrUnknownKey)
	if err := b.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.wantVerify(t, fresh, nil)
	b.wantParse(t, refresh, nil)

	a.wantPrune(t, time.Time{}, a.Keys()[0].ID)
	b.wantVerify(t, old, nil)
	if err := b.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.wantVerify(t, old, token.ErrUnknownKey)
	b.wantVerify(t, fresh, nil)
}

func TestStoreFaults(t *testing.T) {
	fault := errors.New("disk on fire")
	f := open(t, token.ES256)
	raw, before := f.issue(t), f.Keys()
	f.shelf.fault = fault
	calls := map[string]func(context.Context) error{
		"rotate": f.Rotate,
		"reload": f.Reload,
		"prune":  func(ctx context.Context) error { _, err := f.Prune(ctx, time.Time{}); return err },
		"open":   func(ctx context.Context) error { _, err := token.Open(ctx, f.opts); return err },
	}
	for name, call := range calls {
		t.Run(name+" changes nothing", func(t *testing.T) {
			wantErr(t, call(t.Context()), fault)
			if diff := cmp.Diff(before, f.Keys()); diff != "" {
				t.Error(diff)
			}
			f.wantVerify(t, raw, nil)
			f.wantVerify(t, f.issue(t), nil)
		})
	}
}

func TestDamagedKeySet(t *testing.T) {
	f := open(t, token.ES256)
	if err := f.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole := string(f.shelf.data)
	doc := f.saved(t)
	edit := func(old, new string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("the saved set has no %.20s", old)
		}
		return strings.Replace(whole, old, new, 1)
	}
	var lists struct{ Access, Refresh []json.RawMessage }
	if err := json.Unmarshal(f.shelf.data, &lists); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		"no bytes":                    "",
		"not JSON":                    whole[:len(whole)-1],
		"nothing in it":               "{}",
		"null":                        "null",
		"a later version":             edit(`"version":1`, `"version":2`),
		"a number for a key":          edit(`"d":"`+doc.Access[0].D+`"`, `"d":12345678901234567890`),
		"another private key":         edit(doc.Access[0].D, doc.Access[1].D),
		"a short private key":         edit(doc.Access[0].D, doc.Access[0].D[:40]),
		"a private key of zero":       edit(doc.Access[0].D, strings.Repeat("A", 43)),
		"a private key with a break":  edit(doc.Access[0].D, `\n`+doc.Access[0].D),
		"no private key":              edit(doc.Access[0].D, ""),
		"another kid":                 edit(doc.Access[0].Kid, doc.Access[1].Kid),
		"another algorithm":           edit(`"alg":"ES256"`, `"alg":"EdDSA"`),
		"an unknown algorithm":        edit(`"alg":"ES256"`, `"alg":"HS256"`),
		"another use":                 edit(`"use":"sig"`, `"use":"enc"`),
		"two active access keys":      edit(`,"retiredAt":"2026-11-21T08:00:00Z"`, ""),
		"a retired access key twice":  edit(`"access":[`, `"access":[`+string(lists.Access[0])+","),
		"a retired refresh key twice": edit(`"refresh":[`, `"refresh":[`+string(lists.Refresh[0])+","),
		"a short refresh key":         edit(b64std(doc.Refresh[0].Secret), "4A=="),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			f.shelf.data = []byte(data)
			_, err := token.Open(t.Context(), f.opts)
			for what, err := range map[string]error{
				"open": err, "reload": f.Reload(t.Context()), "rotate": f.Rotate(t.Context()),
			} {
				wantErr(t, err, token.ErrKeySet)
				if strings.Contains(fmt.Sprint(err), "1234") {
					t.Errorf("%s quotes the key set: %v", what, err)
				}
			}
			if string(f.shelf.data) != data {
				t.Error("the damaged set was written over")
			}
			f.wantVerify(t, f.issue(t), nil)
		})
	}
}

// Formatting anything of the package shows no key.
func TestNothingPrintsKeys(t *testing.T) {
	f := open(t, token.EdDSA)
	doc := f.saved(t)
	printed := fmt.Sprintf("%v %+v %#v %v", f.Signer, f.Signer, f.Signer, f.Keys())
	seed, secret := unb64(t, doc.Access[0].D), doc.Refresh[0].Secret
	for _, text := range []string{
		doc.Access[0].D, b64std(secret), fmt.Sprint(seed)[1:20], fmt.Sprint(secret)[1:20],
		fmt.Sprintf("%#v", seed)[7:40], fmt.Sprintf("%#v", secret)[7:40],
	} {
		if strings.Contains(printed, text) {
			t.Errorf("printed %s", text)
		}
	}
}
