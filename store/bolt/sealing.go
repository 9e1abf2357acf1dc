package bolt

import (
	"context"

	"go.etcd.io/bbolt"

	"menshen/store"
	"menshen/store/seal"
)

// SealingKeys lists the keys that seal secrets at rest.
func (s *Store) SealingKeys(ctx context.Context) (keys []store.SealingKey, err error) {
	err = s.view(ctx, "sealing_keys", func(t *tx) error {
		keys = nil
		for _, k := range t.ring.Keys() {
			keys = append(keys, store.SealingKey{ID: k.ID, Active: k.Active})
		}
		return nil
	})
	return keys, err
}

// RotateSealing makes a new sealing key.
func (s *Store) RotateSealing(ctx context.Context) error {
	s.ringMu.Lock()
	defer s.ringMu.Unlock()
	ring, err := s.ring.Load().Rotate()
	if err != nil {
		return err
	}
	return s.replaceRing(ctx, "rotate_sealing", ring)
}

// PruneSealing seals everything again with the newest key and forgets the others.
//
// No write can slip through with an older key: one that had read the ring
// before it was rotated was committed before the first transaction here began.
func (s *Store) PruneSealing(ctx context.Context) (pruned []string, err error) {
	s.ringMu.Lock()
	defer s.ringMu.Unlock()
	keys, err := s.SealingKeys(ctx)
	for _, k := range keys {
		if !k.Active {
			pruned = append(pruned, k.ID)
		}
	}
	if err != nil || len(pruned) == 0 {
		return nil, err
	}
	for _, reseal := range resealers {
		if err := s.reseal(ctx, reseal); err != nil {
			return nil, err
		}
	}
	ring, err := s.ring.Load().Prune()
	if err != nil {
		return nil, err
	}
	return pruned, s.replaceRing(ctx, "prune_sealing", ring)
}

// replaceRing writes a ring down and then uses it.
func (s *Store) replaceRing(ctx context.Context, verb string, ring *seal.Ring) error {
	err := s.update(ctx, verb, func(t *tx) error {
		t.wrote = true
		return s.putRing(t.Tx, ring)
	})
	if err == nil {
		s.ring.Store(ring)
	}
	return err
}

func (s *Store) putRing(t *bbolt.Tx, ring *seal.Ring) error {
	sealed, err := ring.Marshal(s.key)
	if err != nil {
		return err
	}
	return t.Bucket(bucketMeta).Put(keyRing, sealed)
}

// resealer seals one record of a bucket again.
type resealer struct {
	bucket []byte
	record func(t *tx, key []byte) error
}

// resealers cover every bucket that holds something sealed.
var resealers = []resealer{
	{bucketKeys, func(t *tx, key []byte) error {
		value, err := t.secret(string(key))
		if err != nil {
			return err
		}
		return t.putSecret(string(key), value)
	}},
	{bucketIdentities, func(t *tx, key []byte) error {
		appID, openID := splitIdentityKey(key)
		who, _, err := t.identity(appID, openID)
		if err != nil {
			return err
		}
		return t.putIdentity(appID, openID, who, who)
	}},
	{bucketUsers, func(t *tx, key []byte) error {
		user, err := t.linkedUser(rawID(key))
		if err != nil || user.Phone == nil {
			return err
		}
		return t.writeUser(user)
	}},
}

// resealBatch keeps each transaction short, so that logins go on meanwhile.
const resealBatch = 200

// reseal goes through a bucket, a batch in each transaction.
func (s *Store) reseal(ctx context.Context, r resealer) error {
	var next []byte
	for done := false; !done; {
		from := next
		err := s.update(ctx, "reseal", func(t *tx) error {
			keys := t.keysFrom(r.bucket, nil, from, resealBatch+1)
			done = len(keys) <= resealBatch
			if !done {
				next = keys[resealBatch]
				keys = keys[:resealBatch]
			}
			for _, key := range keys {
				if err := r.record(t, key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
