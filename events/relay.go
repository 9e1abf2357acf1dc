package events

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// relayEvery is how often what was published here goes out and what was published
	// elsewhere comes in: it is heard everywhere within twice that, and the time
	// that a Send and a Receive take.
	relayEvery = 150 * time.Millisecond

	// outgoing is how many messages of one topic wait to go out before the oldest is
	// dropped: some fifty a second, which is more than anybody reads.
	outgoing = 8

	// outgoingTopics is how many topics may have messages waiting.
	outgoingTopics = 1000

	// lastTimeout bounds the sending of what is left at the end.
	lastTimeout = 2 * time.Second
)

// Event is a message on its way between processes.
type Event struct{ Topic, Message string }

// Carrier takes messages to the other processes and brings theirs. Its methods are
// called one at a time.
type Carrier interface {
	// Send tells the other processes.
	Send(ctx context.Context, all []Event) error

	// Receive returns what the others have sent since it was asked before, each once;
	// the first time nothing.
	Receive(ctx context.Context) ([]Event, error)
}

// Relay is a Bus that spans several processes, each with a Relay of its own. What is
// published on one is told to the subscribers of all: here at once, elsewhere a moment
// later. What cannot be carried is lost.
type Relay struct {
	*Bus
	carrier Carrier

	mu     sync.Mutex
	outbox map[string][]string // by topic
}

// NewRelay begins to listen: what others publish from its return on is heard once Run
// is called.
func NewRelay(ctx context.Context, carrier Carrier) (*Relay, error) {
	if _, err := carrier.Receive(ctx); err != nil {
		return nil, err
	}
	return &Relay{Bus: NewBus(), carrier: carrier, outbox: map[string][]string{}}, nil
}

// Publish tells everybody who has subscribed to the topic, in any process. It never
// waits: others hear the newest messages where there are more than can be carried.
func (r *Relay) Publish(topic, message string) {
	r.Bus.Publish(topic, message)
	r.mu.Lock()
	defer r.mu.Unlock()
	waiting := r.outbox[topic]
	switch {
	case len(waiting) == outgoing:
		waiting = waiting[1:]
	case waiting == nil && len(r.outbox) == outgoingTopics:
		return
	}
	r.outbox[topic] = append(waiting, message)
}

// Run carries messages until the context ends, and then what is left to send. It tells
// report of the first failure of several in a row, and nil when it works again.
func (r *Relay) Run(ctx context.Context, report func(error)) {
	ticker := time.NewTicker(relayEvery)
	defer ticker.Stop()
	for failing := false; ; {
		select {
		case <-ctx.Done():
			r.sendLast(ctx)
			return
		case <-ticker.C:
		}
		err := errors.Join(r.send(ctx), r.receive(ctx))
		if failed := err != nil; failed != failing && ctx.Err() == nil {
			failing = failed
			report(err)
		}
	}
}

func (r *Relay) send(ctx context.Context) error {
	all := r.take()
	if len(all) == 0 {
		return nil
	}
	return r.carrier.Send(ctx, all)
}

// take empties the outbox. The messages of one topic stay in their order.
func (r *Relay) take() (all []Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for topic, messages := range r.outbox {
		for _, message := range messages {
			all = append(all, Event{topic, message})
		}
	}
	clear(r.outbox)
	return all
}

// sendLast tells others what the last requests did. Nobody is left to hear of a
// failure.
func (r *Relay) sendLast(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTimeout)
	defer cancel()
	_ = r.send(ctx)
}

// receive publishes what comes from others for the subscribers here alone: it does not
// go out again.
func (r *Relay) receive(ctx context.Context) error {
	all, err := r.carrier.Receive(ctx)
	for _, e := range all {
		r.Bus.Publish(e.Topic, e.Message)
	}
	return err
}
