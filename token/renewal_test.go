package token_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"menshen/token"
)

// countLoads counts how often the key set is loaded from now on.
func countLoads(f *fixture) (loads func() int) {
	var mu sync.Mutex
	n := 0
	load := f.opts.Load
	f.opts.Load = func(ctx context.Context) ([]byte, error) {
		mu.Lock()
		n++
		mu.Unlock()
		return load(ctx)
	}
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// shared opens a signer beside another process.
func shared(t *testing.T) (here, there fixture, loads func() int) {
	t.Helper()
	there = open(t, token.EdDSA)
	here = there
	here.opts.Shared = true
	counted := countLoads(&here)
	here = here.again(t)
	before := counted()
	return here, there, func() int { return counted() - before }
}

// TestRenewFindsWhatAnotherRotated asks right after a load, when a second has not gone by.
func TestRenewFindsWhatAnotherRotated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there, loads := shared(t)
		for range 3 {
			if err := there.Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
			raw := there.issue(t)
			here.wantVerify(t, raw, token.ErrUnknownKey)
			if err := here.Renew(t.Context()); err != nil {
				t.Fatal(err)
			}
			here.wantVerify(t, raw, nil)
		}
		if loads() != 3 {
			t.Errorf("%d loads, want 3", loads())
		}
	})
}

// TestManyUnknownKeysCostLittle has strangers invent key ids for ten seconds.
func TestManyUnknownKeysCostLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, _, loads := shared(t)
		begun := time.Now()
		var strangers sync.WaitGroup
		for range 50 {
			strangers.Go(func() {
				for time.Since(begun) < 10*time.Second {
					asked := time.Now()
					if err := here.Renew(t.Context()); err != nil {
						t.Error(err)
					}
					if waited := time.Since(asked); waited > 2*time.Second {
						t.Errorf("one waited %v", waited)
					}
				}
			})
		}
		strangers.Wait()
		if n := loads(); n < 10 || n > 12 {
			t.Errorf("%d loads in ten seconds, want one a second", n)
		}
	})
}

func TestRenewThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there, _ := shared(t)
		raw := here.issue(t)
		broken := errors.New("no connection")
		there.shelf.fault = broken
		wantErr(t, here.Renew(t.Context()), broken)
		here.wantVerify(t, raw, nil) // the present keys stay in use
		left, leave := context.WithCancel(t.Context())
		leave()
		wantErr(t, here.Renew(left), context.Canceled)
		there.shelf.fault = nil
		if err := here.Renew(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestNobodyElseRotates(t *testing.T) {
	alone := open(t, token.EdDSA)
	loads := countLoads(&alone)
	alone = alone.again(t)
	before := loads()
	if err := alone.Renew(t.Context()); err != nil || loads() != before {
		t.Errorf("%v, and %d loads where nobody else changes the keys", err, loads()-before)
	}
}
