package main

import (
	"context"
	"time"
)

const (
	sweepEvery = 30 * time.Second
	sweepBatch = 500 // of each kind in one transaction
)

// sweep removes what has expired, in small transactions, until the context ends.
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
		if removed, err = s.store.Sweep(ctx, sweepBatch); err != nil && ctx.Err() == nil {
			s.log.Error("sweep incomplete", "removed", removed, "error", err)
		}
	}
}
