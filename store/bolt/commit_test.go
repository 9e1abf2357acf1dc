package bolt

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"menshen/store"
)

func TestLoneWriteWaitsForNobody(t *testing.T) {
	inGroup(t, func(g *group) {
		began := time.Now()
		for i := range 3 {
			if err := g.do(puts(fmt.Sprint(i), nil)); err != nil {
				t.Error(err)
			}
			g.committed(uint64(i) + 1)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v for a timer", waited)
		}
		g.holds("0", "1", "2")
	})
}

func TestWritersShareCommits(t *testing.T) {
	for writers, commits := range map[int]uint64{1: 2, 64: 2, maxBatch: 2, maxBatch + 1: 3, 3 * maxBatch: 4} {
		t.Run(fmt.Sprintf("%d that queue behind one", writers), func(t *testing.T) {
			inGroup(t, func(g *group) {
				first, release := g.hold(puts("first", nil))
				var all []<-chan error
				for i := range writers {
					all = append(all, g.start(puts(fmt.Sprintf("%04d", i), nil)))
				}
				synctest.Wait()
				g.committed(0)
				release()
				for _, done := range append(all, first) {
					g.ends(done, nil)
				}
				g.committed(commits)
			})
		})
	}
}

func TestReadersInAWriteCommitNothing(t *testing.T) {
	inGroup(t, func(g *group) {
		g.ends(g.start(func(*bbolt.Tx) (bool, error) { return false, nil }), nil)
		g.ends(g.start(func(*bbolt.Tx) (bool, error) { return false, errOdd }), errOdd)
		g.committed(0)
	})
}

// TestAlone has writers come before and behind what runs alone.
func TestAlone(t *testing.T) {
	inGroup(t, func(g *group) {
		first, release := g.hold(puts("first", nil))
		before := g.start(puts("before", nil))
		synctest.Wait()
		var order []string
		alone := make(chan error, 1)
		g.writers.Go(func() {
			alone <- g.alone(func() (err, fatal error) {
				g.holds("before", "first")
				order = append(order, "alone")
				return errOdd, nil
			})
		})
		synctest.Wait()
		behind := g.start(func(tx *bbolt.Tx) (bool, error) {
			order = append(order, "behind")
			return puts("behind", nil)(tx)
		})
		synctest.Wait()
		release()
		for _, done := range []<-chan error{first, before, behind} {
			g.ends(done, nil)
		}
		g.ends(alone, errOdd)
		if diff := cmp.Diff([]string{"alone", "behind"}, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		g.committed(3)
	})
}

func TestAloneAndNeverAgain(t *testing.T) {
	inGroup(t, func(g *group) {
		err := g.alone(func() (err, fatal error) { panic("out of order") })
		if err == nil || !strings.Contains(err.Error(), "out of order") {
			t.Errorf("a panic: %v", err)
		}
		g.ends(g.start(puts("before", nil)), nil)
		var behind <-chan error
		err = g.alone(func() (err, fatal error) {
			behind = g.start(puts("behind", nil))
			synctest.Wait()
			return errOdd, errOdd
		})
		if !errors.Is(err, errOdd) {
			t.Errorf("error %v, want %v", err, errOdd)
		}
		g.ends(behind, errOdd)
		g.ends(g.start(puts("later", nil)), errOdd)
		g.holds("before")
	})
}

// oddWrites fail while others wait for the same commit.
var oddWrites = []struct {
	name  string
	write func(*bbolt.Tx) (bool, error)
	want  string // of its error's text
	runs  int    // of each of the others
}{
	{"one that fails after it wrote", puts("odd", errOdd), errOdd.Error(), 2},
	{"one that fails before it wrote", func(*bbolt.Tx) (bool, error) { return false, errOdd }, errOdd.Error(), 1},
	{"one that panics", func(tx *bbolt.Tx) (bool, error) { puts("odd", nil)(tx); panic("out of order") }, "out of order", 2},
}

func TestOddWritesAmongOthers(t *testing.T) {
	for _, test := range oddWrites {
		t.Run(test.name, func(t *testing.T) {
			inGroup(t, func(g *group) {
				first, release := g.hold(puts("first", nil))
				runs := 0
				before := g.start(func(tx *bbolt.Tx) (bool, error) { runs++; return puts("before", nil)(tx) })
				synctest.Wait()
				odd := g.start(test.write)
				synctest.Wait()
				after := g.start(puts("later", nil))
				synctest.Wait()
				release()
				for _, done := range []<-chan error{first, before, after} {
					g.ends(done, nil)
				}
				if err := <-odd; err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				if runs != test.runs {
					t.Errorf("its company ran %d times, want %d", runs, test.runs)
				}
				g.holds("before", "first", "later")
				g.committed(2)
			})
		})
	}
}

func TestNoneOfManyOddWritesHurts(t *testing.T) {
	inGroup(t, func(g *group) {
		first, release := g.hold(puts("first", errOdd))
		var odd []<-chan error
		for i := range 20 {
			odd = append(odd, g.start(puts(fmt.Sprint(i), errOdd)))
		}
		good := g.start(puts("good", nil))
		synctest.Wait()
		release()
		for _, done := range append(odd, first) {
			g.ends(done, errOdd)
		}
		g.ends(good, nil)
		g.holds("good")
		g.committed(1)
	})
}

func TestCloseWaitsForWritesUnderWay(t *testing.T) {
	inGroup(t, func(g *group) {
		first, release := g.hold(puts("first", nil))
		second := g.start(puts("second", nil))
		synctest.Wait()
		closed := make(chan bool, 1)
		g.writers.Go(func() { closed <- g.close() })
		synctest.Wait()
		select {
		case <-closed:
			t.Error("closed while a write was under way")
		default:
		}
		g.ends(g.start(puts("late", nil)), store.ErrUnavailable)
		release()
		g.ends(first, nil)
		g.ends(second, nil)
		if !<-closed || g.close() {
			t.Error("the first close has to report true and the second false")
		}
		g.ends(g.start(puts("later", nil)), store.ErrUnavailable)
		g.holds("first", "second")
	})
}

// TestFailedCommitEndsWriting makes commits fail: bbolt refuses to commit a
// transaction that was rolled back, and panics when a commit handler does.
func TestFailedCommitEndsWriting(t *testing.T) {
	tests := map[string]func(*bbolt.Tx) (bool, error){
		"by an error": func(tx *bbolt.Tx) (bool, error) { return true, tx.Rollback() },
		"by a panic": func(tx *bbolt.Tx) (bool, error) {
			tx.OnCommit(func() { panic("freelist out of order") })
			return true, nil
		},
	}
	for name, breaks := range tests {
		t.Run(name, func(t *testing.T) {
			inGroup(t, func(g *group) {
				breaking, release := g.hold(breaks)
				queued := g.start(puts("queued", nil))
				synctest.Wait()
				release()
				g.ends(breaking, store.ErrUnavailable)
				g.ends(queued, store.ErrUnavailable)
				g.ends(g.start(puts("later", nil)), store.ErrUnavailable)
				if err := g.health(); !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("health %v", err)
				}
				g.committed(0)
				g.holds()
				g.close()
			})
		})
	}
}
