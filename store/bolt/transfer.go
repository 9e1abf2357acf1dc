package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"menshen/store"
	"menshen/store/seal"
)

var _ store.Transferable = (*Store)(nil)

// Origin names the store by its ring, whose key for look-ups never rotates.
func (s *Store) Origin() ([]byte, error) { return s.ring.Load().Lookup("the origin of a copy") }

// Snapshot runs fn in one read transaction. As long as it lasts the file grows
// instead of using freed pages.
func (s *Store) Snapshot(ctx context.Context, fn func(store.Snapshot) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := whole(s.file.Path(), func() error {
		return s.file.View(func(bt *bbolt.Tx) (err error) {
			t := s.newTx(bt, nil)
			// The ring of this state of the file; the store's own may be older or newer.
			if t.ring, err = seal.OpenRing(s.key, t.get(bucketMeta, keyRing)); err != nil {
				return err
			}
			return fn(snapshot{t})
		})
	})
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return store.ErrUnavailable
	}
	return err
}

type snapshot struct{ *tx }

// Records reads on from a key in the bucket of a part.
func (s snapshot) Records(ctx context.Context, part store.Part, after []byte, limit int) (batch store.Batch, err error) {
	from := records[part]
	c := s.Bucket(from.bucket).Cursor()
	key, value := c.Seek(after)
	if len(after) > 0 && bytes.Equal(key, after) {
		key, value = c.Next()
	}
	for ; key != nil && batch.Len() < limit; key, value = c.Next() {
		if err := errors.Join(from.read(s.tx, key, value, &batch), ctx.Err()); err != nil {
			return batch, err
		}
		batch.Last = bytes.Clone(key)
	}
	return batch, nil
}

// records are where each part lies, and how one of it is added to a batch.
var records = map[store.Part]struct {
	bucket []byte
	read   func(t *tx, key, value []byte, batch *store.Batch) error
}{
	store.PartSecrets: {bucketKeys, func(t *tx, key, _ []byte, batch *store.Batch) error {
		value, err := t.secret(string(key))
		batch.Secrets = append(batch.Secrets, store.KeptSecret{Name: string(key), Value: value})
		return err
	}},
	store.PartUsers: {bucketUsers, func(t *tx, key, value []byte, batch *store.Batch) error {
		user, err := t.keptUser(rawID(key), value)
		batch.Users = append(batch.Users, user)
		return err
	}},
	store.PartSessions: {bucketSessions, func(_ *tx, key, value []byte, batch *store.Batch) error {
		session, err := decodeSession(rawID(key), value)
		batch.Sessions = append(batch.Sessions, session)
		return err
	}},
	store.PartScanLogins: {bucketScanLogins, func(_ *tx, key, value []byte, batch *store.Batch) error {
		ticket, err := decodeScanLogin(rawID(key), value)
		batch.ScanLogins = append(batch.ScanLogins, ticket)
		return err
	}},
	store.PartAuditEvents: {bucketAudit, func(_ *tx, key, value []byte, batch *store.Batch) error {
		event, err := decodeEvent(rawID(key), value)
		batch.AuditEvents = append(batch.AuditEvents, event)
		return err
	}},
	store.PartMessages: {bucketMessages, func(_ *tx, key, value []byte, batch *store.Batch) error {
		message, err := decodeMessage(key, value)
		batch.Messages = append(batch.Messages, message)
		return err
	}},
	store.PartActivity: {bucketActivity, func(t *tx, key, _ []byte, batch *store.Batch) error {
		day, appID, ok := splitActivityKey(key)
		if !ok {
			return misnamed(bucketActivity)
		}
		row, err := t.activity(day, appID)
		batch.Activity = append(batch.Activity, store.AppActivity{AppID: appID, Activity: row})
		return err
	}},
}

// keptUser reads a user and what is remembered of their identities.
func (t *tx) keptUser(raw store.RawID, value []byte) (kept store.KeptUser, err error) {
	if kept.User, err = t.decodeUser(raw, value); err != nil {
		return kept, err
	}
	for _, i := range kept.Identities {
		who, known, err := t.identity(i.AppID, i.OpenID)
		if err == nil && !known {
			err = dangling("identity")
		}
		if err != nil {
			return kept, err
		}
		kept.SessionKeys = append(kept.SessionKeys, who.keys)
	}
	return kept, nil
}

func decodeMessage(key, value []byte) (m store.KeptMessage, err error) {
	if len(key) != len(m.ID) || len(value) != 8 {
		return m, misnamed(bucketMessages)
	}
	return store.KeptMessage{ID: [32]byte(key), End: time.UnixMilli(int64(binary.BigEndian.Uint64(value))).UTC()}, nil
}

// BeginTransfer notes in an empty file what is copied to it.
func (s *Store) BeginTransfer(ctx context.Context, origin []byte) (reached store.Checkpoint, err error) {
	err = s.update(ctx, "begin_transfer", func(t *tx) error {
		if text := t.get(bucketMeta, keyTransfer); text != nil {
			reached, err = store.DecodeCheckpoint(text)
			return err
		}
		for _, part := range records {
			if key, _ := t.Bucket(part.bucket).Cursor().First(); key != nil {
				return store.ErrNotEmpty
			}
		}
		reached = store.FirstCheckpoint(origin)
		return t.put(bucketMeta, keyTransfer, reached.Encode())
	})
	if err == nil && !bytes.Equal(reached.Origin, origin) {
		err = store.ErrNotEmpty
	}
	return reached, err
}

// Receive writes a batch.
func (s *Store) Receive(ctx context.Context, from, to store.Checkpoint, batch store.Batch) error {
	return s.update(ctx, "receive", func(t *tx) error {
		switch text := t.get(bucketMeta, keyTransfer); {
		case bytes.Equal(text, to.Encode()):
			return nil
		case !bytes.Equal(text, from.Encode()):
			return store.ErrNotEmpty
		}
		return errors.Join(t.receive(batch), t.put(bucketMeta, keyTransfer, to.Encode()))
	})
}

// EndTransfer forgets that the file is a copy.
func (s *Store) EndTransfer(ctx context.Context) error {
	return s.update(ctx, "end_transfer", func(t *tx) error { return t.delete(bucketMeta, keyTransfer) })
}

// receive puts new records with all that follows from them.
func (t *tx) receive(batch store.Batch) error {
	return errors.Join(
		each(batch.Secrets, func(s store.KeptSecret) error { return t.putSecret(s.Name, s.Value) }),
		each(batch.Users, t.receiveUser),
		each(batch.Sessions, t.addSession),
		each(batch.ScanLogins, t.putScanLogin),
		each(batch.AuditEvents, t.receiveEvent),
		each(batch.Messages, t.rememberMessage),
		each(batch.Activity, func(a store.AppActivity) error { return t.addActivityOf(a.Day, a.AppID, a.Activity) }),
	)
}

func (t *tx) receiveUser(kept store.KeptUser) error {
	for i, known := range kept.Identities {
		who := identity{user: rawUser(kept.ID), keys: kept.SessionKeys[i]}
		if err := t.putIdentity(known.AppID, known.OpenID, identity{}, who); err != nil {
			return err
		}
	}
	return t.saveUser(nil, &kept.User)
}

func (t *tx) receiveEvent(event store.AuditEvent) error {
	raw, _ := store.ParseID(store.EventPrefix, event.ID)
	return errors.Join(t.putEvent(raw, event), t.indexEvent(raw, event))
}

// each does something with one after the other, up to the first error.
func each[T any](all []T, do func(T) error) error {
	for _, one := range all {
		if err := do(one); err != nil {
			return err
		}
	}
	return nil
}
