package events

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// waiting are the messages that a subscriber has not taken yet.
func waiting(messages <-chan string) (all []string) {
	for {
		select {
		case message, open := <-messages:
			if !open {
				return append(all, "closed")
			}
			all = append(all, message)
		default:
			return all
		}
	}
}

func want(t *testing.T, subscribed <-chan string, messages ...string) {
	t.Helper()
	if diff := cmp.Diff(messages, waiting(subscribed)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestMessagesReachWhoSubscribed(t *testing.T) {
	b := NewBus()
	b.Publish("weather", "too early")
	one, two, other := b.Subscribe(t.Context(), "weather"), b.Subscribe(t.Context(), "weather"), b.Subscribe(t.Context(), "sports")
	b.Publish("weather", "rain")
	b.Publish("weather", "sun")
	want(t, one, "rain", "sun")
	want(t, two, "rain", "sun")
	want(t, other)
}

func TestASlowSubscriberLosesTheOldest(t *testing.T) {
	b := NewBus()
	slow := b.Subscribe(t.Context(), "count")
	var last []string
	for i := range 3 * backlog {
		b.Publish("count", fmt.Sprint(i))
		last = append(last, fmt.Sprint(i))
	}
	want(t, slow, last[2*backlog:]...)
	b.Publish("count", "one more")
	want(t, slow, "one more")
}

func TestTheEndOfTheContextIsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBus()
		ctx, leave := context.WithCancel(t.Context())
		leaving, staying := b.Subscribe(ctx, "weather"), b.Subscribe(t.Context(), "weather")
		b.Publish("weather", "rain")
		leave()
		synctest.Wait()
		b.Publish("weather", "sun")
		want(t, leaving, "rain", "closed")
		want(t, staying, "rain", "sun")

		late := b.Subscribe(ctx, "sports")
		synctest.Wait()
		want(t, late, "closed")
		if _, kept := b.subscribers["sports"]; kept {
			t.Error("a topic outlives its last subscriber")
		}
	})
}

// TestManyAtOnce is for the race detector: subscribers come, read and leave while
// others publish.
func TestManyAtOnce(t *testing.T) {
	const many = 16
	b := NewBus()
	var group sync.WaitGroup
	for range many {
		group.Go(func() {
			for range 1000 {
				b.Publish("topic", "news")
			}
		})
		group.Go(func() {
			for range 10 {
				ctx, leave := context.WithCancel(t.Context())
				messages := b.Subscribe(ctx, "topic")
				b.Publish("topic", "news")
				if message := <-messages; message != "news" {
					t.Errorf("heard %q", message)
				}
				leave()
				for range messages { // until it is closed
				}
			}
		})
	}
	group.Wait()
	if len(b.subscribers) != 0 {
		t.Errorf("%d topics are left", len(b.subscribers))
	}
}
