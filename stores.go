package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"menshen/store"
	"menshen/store/bolt"
	"menshen/store/mysql"
	"menshen/store/seal"
)

// openStore opens the engine that the URL names.
func openStore(ctx context.Context, s storeSettings, options store.Options) (db store.Store, err error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	path, isFile := s.Store.boltPath()
	if isFile {
		db, err = bolt.Open(path, s.keyFile(), options)
	} else {
		db, err = mysql.Open(ctx, string(s.Store), s.keyFile(), options)
	}
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, store.ErrNoStore):
		return nil, s.errNoStore()
	case errors.Is(err, seal.ErrNoKeyFile) && !isFile:
		return nil, fmt.Errorf("%w: --key-file (MENSHEN_KEY_FILE) must name a copy of the one that every instance has; for a new store, menshen keys create %[2]s makes it", err, s.KeyFile)
	}
	return nil, err // and no store.Store that is a nil pointer
}

func (s storeSettings) errNoStore() error {
	if path, isFile := s.Store.boltPath(); isFile {
		return fmt.Errorf("there is no store at %s", path)
	}
	shown, err := s.Store.redacted()
	return errors.Join(err, fmt.Errorf("there is no store in the database %s: serve, dev, restore and migrate make one", shown))
}

// startTime is how long a server waits for a database that comes up after it.
const startTime = time.Minute

// awaitStore opens the store of a server and logs where it is. A database that does
// not answer yet is waited for.
func awaitStore(ctx context.Context, s storeSettings, options store.Options, log *slog.Logger) (store.Store, error) {
	shown, err := s.Store.redacted()
	if err != nil {
		return nil, err
	}
	late := time.After(startTime)
	for attempt := 1; ; attempt++ {
		db, err := openStore(ctx, s, options)
		if !errors.Is(err, store.ErrUnavailable) {
			if err == nil {
				log.Info("store opened", "store", shown, "up", serversUp(db))
			}
			return db, err
		}
		if attempt == 1 {
			log.Warn("the database does not answer yet", "store", shown, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late:
			return nil, fmt.Errorf("the database %s does not answer: %w", shown, err)
		case <-time.After(time.Second):
		}
	}
}

// serversUp names the servers of a database that can work; none for a file.
func serversUp(db store.Store) (up []string) {
	if db, ok := db.(*mysql.Store); ok {
		for _, server := range db.Servers() {
			if server.Up {
				up = append(up, server.Address)
			}
		}
	}
	return up
}

// clockOf is the clock that all who share a store have in common.
func clockOf(db store.Store) func() time.Time {
	if shared, ok := db.(store.Shared); ok {
		return shared.Now
	}
	return time.Now
}
