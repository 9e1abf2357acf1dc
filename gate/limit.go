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
// whole allowance again, which gains an attacker little: pushing a key out takes
// maxKeys others within the minute that restores the allowance anyway.
type Limit struct {
	rate    Rate
	every   time.Duration // until one more is allowed
	mu      sync.Mutex
	buckets *simplelru.LRU[string, *rate.Limiter]
}

const maxKeys = 1 << 16

// NewLimit returns a limit, nil where PerMinute is 0.
func NewLimit(r Rate) *Limit {
	if r.PerMinute <= 0 {
		return nil
	}
	buckets, err := simplelru.NewLRU[string, *rate.Limiter](maxKeys, nil)
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
	Wait      time.Duration // before the next; zero when it need not
	More      time.Duration // until Remaining grows by one
}

// Wait returns how long the key must wait, zero when it need not. It counts
// nothing.
func (l *Limit) Wait(key string) time.Duration {
	if l == nil {
		return 0
	}
	return l.told(l.onBucket(key, func(*rate.Limiter, time.Time) {})).Wait
}

// Take counts once, unless the key must wait, and returns how long it must.
func (l *Limit) Take(key string) time.Duration { return l.Spend(key).Wait }

// Spend is Take that tells all there is to tell. Of a nil Limit the Quota is zero.
func (l *Limit) Spend(key string) Quota {
	if l == nil {
		return Quota{}
	}
	var refused time.Duration
	quota := l.onBucket(key, func(b *rate.Limiter, now time.Time) {
		if !b.AllowN(now, 1) {
			refused = l.wait(b.TokensAt(now))
		}
	})
	quota.Wait = refused
	return l.told(quota)
}

// Charge counts once, whether the key must wait or not: what was begun together
// is all paid for. The debt ends at a minute's allowance.
func (l *Limit) Charge(key string) {
	if l == nil {
		return
	}
	l.onBucket(key, func(b *rate.Limiter, now time.Time) {
		if b.TokensAt(now) > -float64(l.rate.PerMinute) {
			b.ReserveN(now, 1)
		}
	})
}

// onBucket has do change the bucket of a key, and returns what the key has then.
func (l *Limit) onBucket(key string, do func(*rate.Limiter, time.Time)) Quota {
	key = l.rate.Key(key)
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.rate.Now()
	bucket, known := l.buckets.Get(key)
	if !known {
		bucket = rate.NewLimiter(rate.Every(l.every), l.rate.PerMinute)
		l.buckets.Add(key, bucket)
	}
	do(bucket, now)
	tokens := bucket.TokensAt(now)
	whole := math.Floor(tokens)
	return Quota{
		PerMinute: l.rate.PerMinute, Remaining: int(max(0, whole)),
		Wait: l.wait(tokens), More: l.times(max(0, whole) + 1 - tokens),
	}
}

// wait is how long it takes until there is one token.
func (l *Limit) wait(tokens float64) time.Duration { return l.times(max(0, 1-tokens)) }

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
