package gate

import (
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// Rate says how often one key may do something.
type Rate struct {
	// PerMinute is also how much may come at once: a page that opens many things is
	// no attack. So the worst minute has twice that.
	PerMinute int
	// Key returns what counts as one key; nil for the key itself.
	Key func(string) string
	// Refused is told of each refusal; nil for nobody.
	Refused func()
	Now     func() time.Time
}

// Limit counts by key what may happen so often: a token bucket for each. Its
// methods may be called by several goroutines. A nil Limit limits nothing.
//
// It remembers maxKeys keys, in some 17 MB with keys of 40 bytes, and
// forgets who has not come for the longest time. A key that is forgotten has its
// whole allowance again, and what it began is forgotten too. That gains an attacker
// little: pushing a key out takes maxKeys others within the minute that restores
// the allowance anyway.
type Limit struct {
	rate    Rate
	every   time.Duration // until one more is allowed
	mu      sync.Mutex
	buckets *simplelru.LRU[string, *bucket]
}

// bucket is what is remembered of a key.
type bucket struct {
	*rate.Limiter
	begun int // and not ended
}

// free is how many may begin now.
func (b *bucket) free(now time.Time) float64 { return b.TokensAt(now) - float64(b.begun) }

const maxKeys = 1 << 16

// NewLimit returns a limit, nil where PerMinute is 0.
func NewLimit(r Rate) *Limit {
	if r.PerMinute <= 0 {
		return nil
	}
	buckets, err := simplelru.NewLRU[string, *bucket](maxKeys, nil)
	if err != nil {
		panic(err) // the size is ours
	}
	if r.Key == nil {
		r.Key = func(key string) string { return key }
	}
	if r.Refused == nil {
		r.Refused = func() {}
	}
	return &Limit{rate: r, every: time.Minute / time.Duration(r.PerMinute), buckets: buckets}
}

// Quota is what a key has left.
type Quota struct {
	PerMinute int
	Remaining int           // how many need not wait
	Wait      time.Duration // of Spend: until what was refused may be tried again; zero when it was allowed
	More      time.Duration // until Remaining grows by one
}

// Wait returns how long the key must wait, zero when it need not. It counts
// nothing.
func (l *Limit) Wait(key string) time.Duration {
	if l == nil {
		return 0
	}
	return l.told(l.onBucket(key, func(*bucket, time.Time) {})).Wait
}

// Take counts once, unless the key must wait, and returns how long it must.
func (l *Limit) Take(key string) time.Duration { return l.Spend(key).Wait }

// Spend is Take that tells all there is to tell. Of a nil Limit the Quota is zero.
func (l *Limit) Spend(key string) Quota {
	if l == nil {
		return Quota{}
	}
	var refused time.Duration
	quota := l.onBucket(key, func(b *bucket, now time.Time) { refused = l.spend(b, now) })
	quota.Wait = refused
	return l.told(quota)
}

// spend counts once unless there is nothing left, and returns how long to wait then.
func (l *Limit) spend(b *bucket, now time.Time) time.Duration {
	free := b.free(now)
	if free < 1 || !b.AllowN(now, 1) {
		return l.wait(free)
	}
	return 0
}

// Begin lets something begin that counts only if it fails, unless the key must wait,
// and returns how long it must. What has begun takes its place until End, so that
// of things begun together no more can fail than may.
func (l *Limit) Begin(key string) time.Duration {
	if l == nil {
		return 0
	}
	var refused time.Duration
	l.onBucket(key, func(b *bucket, now time.Time) {
		if refused = l.wait(b.free(now)); refused == 0 {
			b.begun++
		}
	})
	return l.told(Quota{Wait: refused}).Wait
}

// End ends what Begin let begin, once for each, and counts it if it failed.
func (l *Limit) End(key string, failed bool) {
	if l == nil {
		return
	}
	l.onBucket(key, func(b *bucket, now time.Time) {
		b.begun = max(0, b.begun-1) // zero of a key that was forgotten meanwhile
		if failed {
			b.AllowN(now, 1)
		}
	})
}

// onBucket has do change the bucket of a key, and returns what the key has then.
func (l *Limit) onBucket(key string, do func(*bucket, time.Time)) Quota {
	key = l.rate.Key(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.rate.Now()
	b, known := l.buckets.Get(key)
	if !known {
		b = &bucket{Limiter: rate.NewLimiter(rate.Every(l.every), l.rate.PerMinute)}
		l.buckets.Add(key, b)
	}
	do(b, now)
	free := b.free(now)
	whole := math.Floor(free)
	return Quota{
		PerMinute: l.rate.PerMinute, Remaining: int(max(0, whole)),
		Wait: l.wait(free), More: l.times(max(0, whole) + 1 - free),
	}
}

// wait is how long it takes until one is free, if nothing ends before.
func (l *Limit) wait(free float64) time.Duration { return l.times(max(0, 1-free)) }

func (l *Limit) times(tokens float64) time.Duration {
	return time.Duration(math.Ceil(tokens * float64(l.every)))
}

// told reports a refusal, outside the lock.
func (l *Limit) told(q Quota) Quota {
	if q.Wait > 0 {
		l.rate.Refused()
	}
	return q
}
