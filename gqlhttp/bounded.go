package gqlhttp

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// bounded remembers values by a text, as many as weigh no more than limit bytes
// in all, and forgets those used longest ago. It is bounded by weight and not by
// number, so that a flood of large ones cannot fill the memory. One that weighs
// more than a sixteenth of the bound is not remembered: it would drive out too
// many others.
type bounded[V any] struct {
	limit int
	weigh func(key string, value V) int

	mu     sync.Mutex
	weight int
	list   *simplelru.LRU[string, weighed[V]]
}

type weighed[V any] struct {
	value  V
	weight int
}

func newBounded[V any](limit int, weigh func(string, V) int) *bounded[V] {
	b := &bounded[V]{limit: limit, weigh: weigh}
	forget := func(_ string, w weighed[V]) { b.weight -= w.weight }
	b.list, _ = simplelru.NewLRU(max(1, limit), forget) // fails for no size below 1
	return b
}

// Get returns the value of a key, if it is remembered.
func (b *bounded[V]) Get(_ context.Context, key string) (V, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w, ok := b.list.Get(key)
	return w.value, ok
}

// Has says whether the value of a key is remembered. It does not count as a use.
func (b *bounded[V]) Has(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.list.Contains(key)
}

// Add remembers a value and forgets those used longest ago. What is remembered
// already stays as it is.
func (b *bounded[V]) Add(_ context.Context, key string, value V) {
	weight := b.weigh(key, value)
	if weight > b.limit/16 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.list.Contains(key) {
		return
	}
	b.list.Add(key, weighed[V]{value, weight})
	for b.weight += weight; b.weight > b.limit; {
		b.list.RemoveOldest()
	}
}
