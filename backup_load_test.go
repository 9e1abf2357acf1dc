package main_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"menshen/wechat/wechattest"
)

// TestBackupUnderLoad takes backups while clients log in. Each restores to a store
// that is in order and holds every login answered before the backup began.
func TestBackupUnderLoad(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL())
	server := house.serve()
	arrivals := startArrivals(t, server, sim)
	backups := map[string][]*visitor{}
	for n := range 3 {
		file := filepath.Join(house.dir, fmt.Sprint("backup-", n))
		backups[file] = arrivals.answered()
		house.succeeds("backup", file)
	}
	arrivals.end(t)
	server.stop()
	for file, visitors := range backups {
		restored := house.moved()
		restored.succeeds("restore", file)
		restored.succeeds("check")
		server := restored.serve()
		expectVisitors(t, server, visitors)
		server.stop()
	}
}

// arrivals are clients that log in until they are told to end.
type arrivals struct {
	clients *errgroup.Group
	stop    context.CancelFunc

	mu       sync.Mutex
	visitors []*visitor
}

// startArrivals returns when there is something to lose.
func startArrivals(t *testing.T, server *running, sim *wechattest.Simulator) *arrivals {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	clients, ctx := errgroup.WithContext(ctx)
	a := &arrivals{clients: clients, stop: stop}
	busy := make(chan struct{})
	for client := range 16 {
		clients.Go(func() error {
			for turn := 0; ctx.Err() == nil; turn++ {
				v, err := arrive(t.Context(), server, sim, fmt.Sprintf("user-%d-%d", client, turn%20))
				if err != nil {
					return err
				}
				if a.add(v) == 100 {
					close(busy)
				}
			}
			return nil
		})
	}
	select {
	case <-busy:
	case <-ctx.Done(): // a client failed
	}
	return a
}

func (a *arrivals) add(v *visitor) (total int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.visitors = append(a.visitors, v)
	return len(a.visitors)
}

// answered returns copies: each restored store refreshes them in its own way.
func (a *arrivals) answered() (copies []*visitor) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range a.visitors {
		own := *v
		copies = append(copies, &own)
	}
	return copies
}

func (a *arrivals) end(t *testing.T) {
	t.Helper()
	a.stop()
	if err := a.clients.Wait(); err != nil {
		t.Fatal(err)
	}
}
