package main

import (
	"context"
	"time"
)

const (
	sweepEvery = 30 * time.Second
	sweepBatch = 500 // of each kind in one transaction

	// sweepLease outlives the pause between two sweeps, so that one instance goes on
	// until it ends, and another takes over in the minute after.
	sweepLease = 2 * sweepEvery
)

// sweep removes what has expired, in small transactions, until the context ends. Of the
// instances that share a store one removes; each writes down when its own sessions
// were last used.
func (s *server) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			s.sweepAll(ctx)
		}
	}
}

func (s *server) sweepAll(ctx context.Context) {
	for removed := sweepBatch; removed >= sweepBatch && ctx.Err() == nil; {
		var err error
		if removed, err = s.sweepOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("sweep incomplete", "removed", removed, "error", err)
		}
	}
}

func (s *server) sweepOnce(ctx context.Context) (removed int, err error) {
	held, err := s.store.Lease(ctx, "sweep", sweepLease)
	if err != nil {
		return 0, err
	}
	limit := 0
	if held {
		limit = sweepBatch
	}
	return s.store.Sweep(ctx, limit)
}
