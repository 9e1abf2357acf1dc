package token_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/token"
)

// Everything at once, in two processes over one store. A token may be refused
// for its key, when that was pruned or is still unknown here, and for nothing
// else.
func TestAtOnce(t *testing.T) {
	a := open(t, token.EdDSA)
	b := a.again(t)
	var all sync.WaitGroup
	do := func(n int, step func() error) {
		all.Go(func() {
			for range n {
				if err := step(); err != nil && !errors.Is(err, token.ErrUnknownKey) {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, f := range []fixture{a, b, a, b} {
		do(100, func() error {
			raw, err := f.Issue(f.claims())
			if err != nil {
				return err
			}
			_, errA := a.Verify(raw)
			_, errB := b.Verify(raw)
			return errors.Join(onlyUnknownKey(errA), onlyUnknownKey(errB))
		})
		do(100, func() error {
			raw, err := f.RefreshToken(f.NextRefresh("ses_1", 1))
			if err != nil {
				return err
			}
			_, err = a.ParseRefresh(raw)
			return err
		})
		do(20, func() error { return f.Rotate(t.Context()) })
		do(20, func() error { _, err := f.Prune(t.Context(), time.Time{}); return err })
		do(20, func() error { return f.Reload(t.Context()) })
		do(50, func() error {
			if len(f.JWKS()) == 0 || len(f.Keys()) < 2 {
				return errors.New("a key set without keys")
			}
			return nil
		})
	}
	all.Wait()
	for _, f := range []fixture{a, b} {
		if err := f.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want := a.again(t).Keys()
	if diff := cmp.Diff(want, a.Keys()) + cmp.Diff(want, b.Keys()); diff != "" {
		t.Error(diff)
	}
	a.wantVerify(t, b.issue(t), nil)
}

// A change that was saved later is never replaced by an earlier one: the keys
// in use are those that were saved last. The store lets others run between its
// answer and what is made of it.
func TestRotateAtOnce(t *testing.T) {
	f := open(t, token.EdDSA)
	f.opts.Load = func(ctx context.Context) ([]byte, error) {
		defer runtime.Gosched()
		return f.shelf.load(ctx)
	}
	f.opts.Update = func(ctx context.Context, change func([]byte) ([]byte, error)) error {
		defer runtime.Gosched()
		return f.shelf.update(ctx, change)
	}
	f = f.again(t)
	for range 200 {
		var all sync.WaitGroup
		for _, step := range []func(context.Context) error{f.Rotate, f.Reload, f.Rotate, f.Reload} {
			all.Go(func() {
				if err := step(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if diff := cmp.Diff(f.again(t).Keys(), f.Keys()); diff != "" || len(f.Keys()) != 6 {
			t.Fatalf("%d keys %s", len(f.Keys()), diff)
		}
		f.clock.advance(2 * time.Minute)
		if _, err := f.Prune(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
}

func onlyUnknownKey(err error) error {
	if errors.Is(err, token.ErrUnknownKey) {
		return nil
	}
	return err
}
