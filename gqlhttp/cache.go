package gqlhttp

import (
	"context"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cache remembers values by a text, as many as weigh no more than limit bytes
// in all, and forgets those used longest ago. It is bounded by weight and not by
// number, so that a flood of large ones cannot fill the memory. One that weighs
// more than a sixteenth of the bound is not remembered: it would drive out too
// many others.
type cache[V any] struct {
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

func newCache[V any](limit int, weigh func(string, V) int) *cache[V] {
	c := &cache[V]{limit: limit, weigh: weigh}
	forget := func(_ string, w weighed[V]) { c.weight -= w.weight }
	c.list, _ = simplelru.NewLRU(max(1, limit), forget) // fails for no size below 1
	return c
}

// Get returns the value of a key, if it is remembered.
func (c *cache[V]) Get(_ context.Context, key string) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w, ok := c.list.Get(key)
	return w.value, ok
}

// Has says whether the value of a key is remembered. It does not count as a use.
func (c *cache[V]) Has(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list.Contains(key)
}

// Add remembers a value and forgets those used longest ago. What is remembered
// already stays as it is.
func (c *cache[V]) Add(_ context.Context, key string, value V) {
	weight := c.weigh(key, value)
	if weight > c.limit/16 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list.Contains(key) {
		return
	}
	c.list.Add(key, weighed[V]{value, weight})
	for c.weight += weight; c.weight > c.limit; {
		c.list.RemoveOldest()
	}
}
