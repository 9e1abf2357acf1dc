package gqlhttp

import (
	"sync"
	"time"
)

// beat calls a function again and again, without a goroutine that waits.
type beat struct {
	mu      sync.Mutex
	timer   *time.Timer
	stopped bool
}

// every calls f each interval, the next time an interval after it has returned.
// An interval of 0 is never. After stop no call begins; one may still be running.
func every(interval time.Duration, f func()) (stop func()) {
	if interval <= 0 {
		return func() {}
	}
	b := new(beat)
	b.mu.Lock() // f may be through before timer is set
	defer b.mu.Unlock()
	b.timer = time.AfterFunc(interval, func() {
		f()
		b.again(interval)
	})
	return b.stop
}

func (b *beat) again(interval time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.stopped {
		b.timer.Reset(interval)
	}
}

func (b *beat) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.timer.Stop()
}
