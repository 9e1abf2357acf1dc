package main_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"

	"menshen/store"
	"menshen/wechat/wechattest"
)

const (
	crashes      = 20
	crashClients = 64
)

// visitor is a login that was answered.
type visitor struct {
	pair
	// unanswered is when a refresh was sent that nobody answered. The token it
	// carried may be used up; for the grace it gets its successor again.
	unanswered time.Time
}

// TestAnsweredLoginsSurviveKill kills the server again and again under load.
// What was answered must be there afterwards.
func TestAnsweredLoginsSurviveKill(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	var all, latest []*visitor
	refreshes := 0
	for round := range crashes {
		server := house.serve()
		expectVisitors(t, server, latest)
		var renewed int
		latest, renewed = crash(t, server, sim, round)
		all = append(all, latest...)
		refreshes += renewed
	}
	server := house.serve()
	expectVisitors(t, server, latest)
	expectVisitors(t, server, all) // those of the early rounds too
	server.kill()
	t.Logf("%d crashes under %d clients: %d logins and %d refreshes were answered, none was lost", crashes, crashClients, len(all), refreshes)
	checkFile(t, house.store())
}

// crash lets clients log in and refresh until some have been answered, and
// kills the server in their midst. It returns all that were answered.
func crash(t *testing.T, server *running, sim *wechattest.Simulator, round int) (answered []*visitor, refreshes int) {
	t.Helper()
	var (
		mu    sync.Mutex
		acked atomic.Int64
		dead  atomic.Bool
		until = int64(crashClients + rand.IntN(4*crashClients))
	)
	note := func(v *visitor) {
		mu.Lock()
		answered = append(answered, v)
		mu.Unlock()
		if acked.Add(1) == until {
			dead.Store(true)
			server.kill()
		}
	}
	var renewed atomic.Int64
	var clients errgroup.Group
	for client := range crashClients {
		clients.Go(func() error {
			for turn := 0; ; turn++ {
				visitor, err := arrive(t.Context(), server, sim, fmt.Sprintf("user-%d-%d", round, client))
				if err == nil {
					note(visitor)
					if turn%2 == 0 {
						err = renew(t.Context(), server, visitor, &renewed)
					}
				}
				switch {
				case err == nil:
				case dead.Load() && !errors.As(err, new(refused)):
					return nil // cut off by the kill
				default:
					return err
				}
			}
		})
	}
	if err := clients.Wait(); err != nil {
		t.Fatalf("before the kill: %v\n%s", err, server.output())
	}
	return answered, int(renewed.Load())
}

func arrive(ctx context.Context, server *running, sim *wechattest.Simulator, user string) (*visitor, error) {
	phone, err := sim.Login(wechattest.DevAppID, user)
	if err != nil {
		return nil, err
	}
	tokens, err := server.login(ctx, phone.Code)
	return &visitor{pair: tokens}, err
}

func renew(ctx context.Context, server *running, v *visitor, renewed *atomic.Int64) error {
	v.unanswered = time.Now()
	next, err := server.refresh(ctx, v.RefreshToken)
	if err != nil {
		return err
	}
	v.pair, v.unanswered = next, time.Time{}
	renewed.Add(1)
	return nil
}

// expectVisitors fails the test unless each visitor's tokens work, and leaves
// each with the tokens of a refresh.
func expectVisitors(t *testing.T, server *running, visitors []*visitor) {
	t.Helper()
	visitors = slices.Clone(visitors)
	slices.SortStableFunc(visitors, func(a, b *visitor) int { // the grace runs
		return b.unanswered.Compare(a.unanswered)
	})
	var checks errgroup.Group
	checks.SetLimit(crashClients)
	for _, v := range visitors {
		checks.Go(func() error { return v.expect(t.Context(), server) })
	}
	if err := checks.Wait(); err != nil {
		t.Fatalf("after the restart: %v\n%s", err, server.output())
	}
}

func (v *visitor) expect(ctx context.Context, server *running) error {
	if id, err := server.me(ctx, v.AccessToken); err != nil || id != v.User.ID {
		return fmt.Errorf("me = %q, %v, want %q", id, err, v.User.ID)
	}
	next, err := server.refresh(ctx, v.RefreshToken)
	if err != nil {
		if !v.unanswered.IsZero() && time.Since(v.unanswered) > store.RefreshGrace {
			return fmt.Errorf("this machine was too slow for the grace: %w", err)
		}
		return fmt.Errorf("refreshLogin: %w", err)
	}
	v.pair, v.unanswered = next, time.Time{}
	return nil
}

// checkFile has bbolt check its own file.
func checkFile(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for fault := range tx.Check() {
			t.Error(fault)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
