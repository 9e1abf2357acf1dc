package token

import (
	"context"
	"sync/atomic"
	"time"
)

// renewEvery is how often, at most, unknown keys have the store asked.
const renewEvery = time.Second

// renewal is the latest of the reloads that Renew has made.
type renewal struct {
	count atomic.Int64 // of those that have begun

	turn  chan struct{} // a mutex that can be waited for with a context; guards what follows
	began time.Time
	err   error
}

// Renew is for who meets ErrUnknownKey, or publishes the keys, where several processes
// share the store: another one may have rotated. When it returns nil the keys in use
// are not older than the call. Anyone can invent a key id, so all callers share one
// Reload a second, and a call may wait that long for it. The error is that of Reload
// or the context's. Without Options.Shared it does nothing.
func (s *Signer) Renew(ctx context.Context) error {
	if !s.opts.Shared {
		return nil
	}
	before := s.renewal.count.Load()
	select {
	case s.renewal.turn <- struct{}{}:
		defer func() { <-s.renewal.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.renewal.count.Load() > before { // one began and ended since the call
		return s.renewal.err
	}
	select {
	case <-time.After(time.Until(s.renewal.began.Add(renewEvery))):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.renewal.began = time.Now()
	s.renewal.count.Add(1)
	s.renewal.err = s.Reload(context.WithoutCancel(ctx)) // others wait for it too
	return s.renewal.err
}
