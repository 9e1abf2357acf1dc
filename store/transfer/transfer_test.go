package transfer_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
	"menshen/store/bolt"
	"menshen/store/mysql"
	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
	"menshen/store/storetest"
	"menshen/store/transfer"
)

// place is where a test's store is kept: it can be closed and opened again.
type place struct {
	t    *testing.T
	open func(store.Options) (store.Transferable, error)
}

// engines make an empty place each.
var engines = map[string]func(t *testing.T) place{
	"bolt": func(t *testing.T) place {
		dir := t.TempDir()
		return place{t, func(options store.Options) (store.Transferable, error) {
			s, err := bolt.Open(filepath.Join(dir, "menshen.db"), seal.KeyFile(filepath.Join(dir, "menshen.key")), options)
			return s, err
		}}
	},
	"mysql": func(t *testing.T) place {
		node, key := mysqltest.Shared(t), seal.KeyFile(filepath.Join(t.TempDir(), "menshen.key"))
		if _, err := key.Key(true); err != nil {
			t.Fatal(err)
		}
		url := mysqltest.URL(node.NewDatabase(t), node)
		return place{t, func(options store.Options) (store.Transferable, error) {
			s, err := mysql.Open(t.Context(), url, key, options)
			return s, err
		}}
	},
}

// options are those of a server; a store opens with them when it is whole.
var options = store.Options{SessionLife: time.Hour, MaxSessions: 1, AuditRetention: time.Hour}

// target opens a place for a copy. The store closes with the test.
func (p place) target() store.Transferable {
	p.t.Helper()
	unfinished := options
	unfinished.Unfinished = true
	s, err := p.open(unfinished)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { s.Close() })
	return s
}

// populated opens a place and fills it.
func (p place) populated(people int) store.Transferable {
	p.t.Helper()
	s := p.target()
	if err := storetest.Populate(p.t.Context(), s, people); err != nil {
		p.t.Fatal(err)
	}
	return s
}

func untold(transfer.Stage, int, int) {}

// eachWay runs a test from either engine to the other.
func eachWay(t *testing.T, test func(t *testing.T, from, to place)) {
	for _, way := range [][2]string{{"bolt", "mysql"}, {"mysql", "bolt"}} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) { test(t, engines[way[0]](t), engines[way[1]](t)) })
	}
}

func TestCopy(t *testing.T) {
	const people = 600
	want := map[store.Part]int{
		store.PartSecrets: 4, store.PartUsers: people, store.PartSessions: people, store.PartScanLogins: people / 50,
		store.PartAuditEvents: 2 * people, store.PartMessages: people / 100, store.PartActivity: 4,
	}
	eachWay(t, func(t *testing.T, from, to place) {
		source, target := from.populated(people), to.target()
		found, err := transfer.Copy(t.Context(), source, target, untold)
		if err != nil {
			t.Fatal(err)
		}
		records := map[store.Part]int{}
		for _, v := range found {
			records[v.Part] = v.Target.Records
		}
		if diff := cmp.Diff(want, records); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		_, err = transfer.Copy(t.Context(), source, target, untold)
		expect(t, "a second copy", err, store.ErrNotEmpty)
	})
}

func expect(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// breakOff copies and ends the context when so many records are written.
func breakOff(t *testing.T, from, to store.Transferable, after int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := transfer.Copy(ctx, from, to, func(_ transfer.Stage, done, _ int) {
		if done >= after {
			cancel()
		}
	})
	expect(t, "a copy that is broken off", err, context.Canceled)
}

// TestBrokenOff breaks a copy off twice. Nobody serves half of it, and it ends as if
// nothing had happened.
func TestBrokenOff(t *testing.T) {
	const people = 600
	eachWay(t, func(t *testing.T, from, to place) {
		source, target := from.populated(people), to.target()
		for range 2 {
			breakOff(t, source, target, rand.IntN(4*people))
			if err := target.Close(); err != nil {
				t.Error(err)
			}
			_, err := to.open(options)
			expect(t, "to serve half a copy", err, store.ErrUnfinished)
			target = to.target()
		}
		if _, err := transfer.Copy(t.Context(), source, target, untold); err != nil {
			t.Error(err)
		}
		if err := target.Close(); err != nil {
			t.Error(err)
		}
		whole, err := to.open(options)
		if err != nil {
			t.Fatal(err)
		}
		if err := whole.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestChangedSource changes what is copied already before the copy goes on.
func TestChangedSource(t *testing.T) {
	const people = 600
	eachWay(t, func(t *testing.T, from, to place) {
		source, target := from.populated(people), to.target()
		breakOff(t, source, target, 2*people)
		page, err := source.Users(t.Context(), store.UserQuery{Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := source.Block(t.Context(), page.Users[1].ID, "meanwhile", store.Actor{ID: "operator"}); err != nil {
			t.Fatal(err)
		}
		found, err := transfer.Copy(t.Context(), source, target, untold)
		expect(t, "a copy of a source that has changed", err, transfer.ErrDiffers)
		for _, v := range found {
			if changed := v.Part == store.PartUsers || v.Part == store.PartSessions; v.Same() == changed {
				t.Errorf("%s: same %v", v.Part, v.Same())
			}
		}
		_, err = to.open(options)
		if !errors.Is(err, store.ErrUnfinished) && !errors.Is(err, store.ErrInUse) {
			t.Errorf("to serve it: %v", err)
		}
	})
}

// TestForeignTarget refuses what holds anything else.
func TestForeignTarget(t *testing.T) {
	eachWay(t, func(t *testing.T, from, to place) {
		source, target := from.populated(1), to.target()
		breakOff(t, source, target, 0)
		_, err := transfer.Copy(t.Context(), engines["bolt"](t).populated(2), target, untold)
		expect(t, "half a copy of another store", err, store.ErrNotEmpty)
	})
}
