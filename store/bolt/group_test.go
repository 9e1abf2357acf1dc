package bolt

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

var (
	shelf  = []byte("shelf")
	errOdd = errors.New("an odd write")
)

// group is a committer over a file of one bucket, in a bubble of time: when
// wait returns, every writer has queued or is held.
type group struct {
	*testing.T
	committer
	writers sync.WaitGroup
}

// inGroup runs test in a bubble.
func inGroup(t *testing.T, test func(g *group)) {
	synctest.Test(t, func(t *testing.T) {
		db, err := bbolt.Open(filepath.Join(t.TempDir(), "shelf.db"), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket(shelf); return err })
		if err != nil {
			t.Fatal(err)
		}
		g := &group{T: t, committer: committer{db: db}}
		test(g)
		g.writers.Wait()
	})
}

// puts is a write that puts one key and then ends in err.
func puts(key string, err error) func(*bbolt.Tx) (bool, error) {
	return func(tx *bbolt.Tx) (bool, error) {
		return true, errors.Join(tx.Bucket(shelf).Put([]byte(key), []byte{1}), err)
	}
}

// start runs a write beside the test and returns where its error will come.
func (g *group) start(fn func(*bbolt.Tx) (bool, error)) <-chan error {
	done := make(chan error, 1)
	g.writers.Go(func() { done <- g.do(fn) })
	return done
}

// hold starts a write that keeps its transaction open until release is called.
func (g *group) hold(fn func(*bbolt.Tx) (bool, error)) (done <-chan error, release func()) {
	gate := make(chan struct{})
	done = g.start(func(tx *bbolt.Tx) (bool, error) {
		<-gate
		return fn(tx)
	})
	synctest.Wait()
	return done, func() { close(gate) }
}

// holds expects exactly these keys in the file.
func (g *group) holds(want ...string) {
	g.Helper()
	var got []string
	err := g.db.View(func(tx *bbolt.Tx) error {
		return tx.Bucket(shelf).ForEach(func(k, _ []byte) error { got = append(got, string(k)); return nil })
	})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		g.Errorf("the file (-want +got): %v\n%s", err, diff)
	}
}

func (g *group) ends(done <-chan error, want error) {
	g.Helper()
	if err := <-done; !errors.Is(err, want) {
		g.Errorf("error %v, want %v", err, want)
	}
}

func (g *group) committed(want uint64) {
	g.Helper()
	if n := g.commits.Load(); n != want {
		g.Errorf("%d commits, want %d", n, want)
	}
}
