// Package events carries messages from the request in which something happens to
// those that wait for it: in one process by a Bus, in several by a Relay.
//
// A message is a hint: a topic and an id, never what happened itself. Who hears of
// something reads it in the store, so that nobody acts on what is stale, and what
// a slow subscriber misses, or what is told twice, does no harm.
package events

import (
	"context"
	"slices"
	"sync"
)

// backlog is how many messages wait for a subscriber before the oldest is dropped.
const backlog = 64

// Bus carries messages within one process. Its methods are safe for concurrent use.
type Bus struct {
	mu          sync.Mutex
	subscribers map[string][]chan string // by topic
}

// NewBus returns a bus without subscribers.
func NewBus() *Bus { return &Bus{subscribers: map[string][]chan string{}} }

// Publish tells everybody who has subscribed to the topic. It never waits: a
// subscriber who is 64 messages behind loses the oldest.
func (b *Bus) Publish(topic, message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, messages := range b.subscribers[topic] {
		if len(messages) == cap(messages) {
			select {
			case <-messages:
			default: // the subscriber has just taken it
			}
		}
		messages <- message // there is room: who holds the lock is the only one to send
	}
}

// Subscribe returns what is published on a topic from now on. The channel is
// closed soon after the context has ended; a context that never ends keeps its
// place for ever.
func (b *Bus) Subscribe(ctx context.Context, topic string) <-chan string {
	messages := make(chan string, backlog)
	b.mu.Lock()
	b.subscribers[topic] = append(b.subscribers[topic], messages)
	b.mu.Unlock()
	context.AfterFunc(ctx, func() { b.leave(topic, messages) })
	return messages
}

// leave forgets a subscriber, and the topic with its last one: topics are as many
// as there are tickets.
func (b *Bus) leave(topic string, messages chan string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := slices.DeleteFunc(b.subscribers[topic], func(c chan string) bool { return c == messages })
	if len(left) == 0 {
		delete(b.subscribers, topic)
	} else {
		b.subscribers[topic] = left
	}
	close(messages)
}
