package main

import (
	"context"
	"fmt"
	"time"

	"menshen/events"
	"menshen/store"
)

// carrier takes events to the other instances as announcements of the store.
type carrier struct{ store store.Shared }

// Send announces events.
func (c carrier) Send(ctx context.Context, all []events.Event) error {
	announcements := make([]store.Announcement, len(all))
	for i, e := range all {
		announcements[i] = store.Announcement(e)
	}
	return c.store.Announce(ctx, announcements)
}

// Receive returns what other instances have announced.
func (c carrier) Receive(ctx context.Context) (all []events.Event, err error) {
	announcements, err := c.store.Announcements(ctx)
	for _, a := range announcements {
		all = append(all, events.Event(a))
	}
	return all, err
}

// meetOthers joins the buses of all instances. It comes before the signing keys are
// loaded, so that no change of them is missed.
func (s *server) meetOthers(ctx context.Context) (err error) {
	shared, ok := s.store.(store.Shared)
	if !ok {
		s.bus = events.NewBus()
		return nil
	}
	if s.relay, err = events.NewRelay(ctx, carrier{shared}); err != nil {
		return fmt.Errorf("the announcements of other instances: %w", err)
	}
	s.bus = s.relay
	return s.showPresence(ctx)
}

// keysTopic is that of the announcement that the signing keys have changed.
const keysTopic = "keys"

// announceKeys has all instances take over the signing keys, now and not in
// reloadEvery.
func announceKeys(ctx context.Context, db store.Store) error {
	shared, ok := db.(store.Shared)
	if !ok {
		return nil
	}
	if err := shared.Announce(ctx, []store.Announcement{{Topic: keysTopic, Message: "changed"}}); err != nil {
		return fmt.Errorf("the signing keys are changed, and running servers take them over within %v: %w", reloadEvery, err)
	}
	return nil
}

// reloadEvery is how long an instance may keep signing keys that were changed when the
// announcement of it was lost.
const reloadEvery = 30 * time.Second

// relayEvents carries events between the instances until the context ends.
func (s *server) relayEvents(ctx context.Context) {
	s.relay.Run(ctx, func(err error) {
		if err == nil {
			s.log.Info("events reach the other instances again")
			return
		}
		s.log.Warn("events do not reach the other instances", "error", err)
	})
}

// followKeys takes over the signing keys, when somebody announces that they have
// changed and every so often, until the context ends.
func (s *server) followKeys(ctx context.Context) {
	changed := s.relay.Subscribe(ctx, keysTopic)
	ticker := time.NewTicker(reloadEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-changed:
		}
		if err := s.resolver.Tokens.Reload(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("the signing keys could not be loaded", "error", err)
		}
	}
}
