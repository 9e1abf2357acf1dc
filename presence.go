package main

import (
	"context"
	"fmt"
	"time"

	"menshen/store"
	"menshen/store/mysql"
)

const (
	// presenceLife is for how long after its last sign an instance is thought to serve.
	presenceLife = time.Minute
	presenceSign = presenceLife / 3
)

// showPresence takes a lease of this instance's own, or keeps it. What needs the
// database to itself looks for it.
func (s *server) showPresence(ctx context.Context) error {
	_, err := s.store.Lease(ctx, s.presence, presenceLife)
	return err
}

// stayPresent shows that this instance serves, until the context ends. While the
// database is away nobody can look.
func (s *server) stayPresent(ctx context.Context) {
	ticker := time.NewTicker(presenceSign)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = s.showPresence(ctx)
		}
	}
}

// leaveTime is how long an instance that ends waits for a database that is away.
const leaveTime = 2 * time.Second

// closeStore gives back the leases and lets go of the store.
func (s *server) closeStore() error {
	if shared, ok := s.store.(*mysql.Store); ok {
		ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
		defer cancel()
		if err := shared.EndLeases(ctx); err != nil {
			s.log.Warn("restore and migrate take this instance for a running one for a while", "for", presenceLife, "error", err)
		}
	}
	return s.store.Close()
}

// refuseInstances keeps a command from a database that instances serve.
func refuseInstances(ctx context.Context, db store.Store) error {
	shared, ok := db.(*mysql.Store)
	if !ok {
		return nil // nobody can open a file that is served
	}
	left, err := shared.Leased(ctx)
	if err != nil || left <= 0 {
		return err
	}
	return fmt.Errorf("a server runs on this database: stop all of them first; one that was killed counts for %v more", left.Round(time.Second))
}
