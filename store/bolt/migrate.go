package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"menshen/store"
)

// migrations lead from each version to the next: migrations[0] makes version 1
// out of an empty file. A released one never changes.
var migrations = []func(*tx) error{
	makeBuckets,
	makeDirectory,
	makeScanLogins,
}

// upgrade brings a file from the version it had to the newest.
func upgrade(t *tx, had int) error {
	for i, step := range migrations[had:] {
		if err := step(t); err != nil {
			return fmt.Errorf("bolt: migrate to version %d: %w", had+i+1, err)
		}
	}
	return t.Bucket(bucketMeta).Put(keyVersion, binary.BigEndian.AppendUint32(nil, uint32(len(migrations))))
}

// version reads the file's version; 0 for an empty file.
func version(t *bbolt.Tx) (int, error) {
	meta := t.Bucket(bucketMeta)
	if meta == nil {
		if k, _ := t.Cursor().First(); k != nil {
			return 0, fmt.Errorf("%w: a bbolt file, but not of menshen", store.ErrDamaged)
		}
		return 0, nil
	}
	b := meta.Get(keyVersion)
	if len(b) != 4 {
		return 0, fmt.Errorf("%w: no version", store.ErrDamaged)
	}
	have := int(binary.BigEndian.Uint32(b))
	if have > len(migrations) {
		return have, fmt.Errorf("%w: the file has version %d, this program knows %d", store.ErrNewer, have, len(migrations))
	}
	return have, nil
}

// What each version brought.
var (
	bucketsOf1 = [][]byte{
		bucketMeta, bucketKeys, bucketUsers, bucketIdentities, bucketUnionIDs, bucketPhones,
		bucketSessions, bucketSessionsByUser, bucketSessionsByEnd, bucketKeysByEnd, bucketAudit,
	}
	bucketsOf2 = [][]byte{
		bucketFormerIDs, bucketNickNames, bucketDirectory, bucketFacets, bucketActivity,
		bucketAuditByUser, bucketAuditByActor, bucketAuditByAction, bucketMessages, bucketMessagesByEnd,
	}
	bucketsOf3 = [][]byte{bucketScanLogins, bucketScanLoginsBySession}

	allBuckets = slices.Concat(bucketsOf1, bucketsOf2, bucketsOf3)
)

// makeBuckets makes version 1.
func makeBuckets(t *tx) error { return t.createBuckets(bucketsOf1) }

// makeDirectory makes version 2: users have roles, and are listed and counted;
// so are audit events. The daily figures begin here.
func makeDirectory(t *tx) error {
	if err := t.createBuckets(bucketsOf2); err != nil {
		return err
	}
	return errors.Join(t.listUsers(), t.listEvents(), t.listKeyEnds())
}

// makeScanLogins makes version 3: web pages log in by a ticket.
func makeScanLogins(t *tx) error { return t.createBuckets(bucketsOf3) }

func (t *tx) createBuckets(names [][]byte) error {
	for _, name := range names {
		if _, err := t.CreateBucket(name); err != nil {
			return err
		}
	}
	return nil
}

// migrateEach runs migrate on each record of a bucket, which keeps its bytes. It
// passes over one that does not read: Check tells of it, and the others must not
// wait for it.
func (t *tx) migrateEach(bucket []byte, migrate func(key, value []byte) error) error {
	return t.Bucket(bucket).ForEach(func(key, value []byte) error {
		if err := migrate(key, value); !errors.Is(err, store.ErrDamaged) {
			return err
		}
		return nil
	})
}

// listUsers enters the users of version 1 into the directory.
func (t *tx) listUsers() error {
	return t.migrateEach(bucketUsers, func(key, value []byte) error {
		user, err := t.decodeUser(rawID(key), value)
		if err != nil {
			return err
		}
		list, err := t.entriesOf(user)
		return errors.Join(err, t.replace(nil, list), t.countFacets(nil, &user))
	})
}

func (t *tx) listEvents() error {
	return t.migrateEach(bucketAudit, func(key, value []byte) error {
		event, err := decodeEvent(rawID(key), value)
		if err != nil {
			return err
		}
		return t.indexEvent(rawID(key), event)
	})
}

// listKeyEnds lists anew when session_keys must be gone. Version 1 left the
// entries of keys that went earlier, each with an OpenID in it.
func (t *tx) listKeyEnds() error {
	if err := t.DeleteBucket(bucketKeysByEnd); err != nil {
		return err
	}
	if err := t.createBuckets([][]byte{bucketKeysByEnd}); err != nil {
		return err
	}
	return t.migrateEach(bucketIdentities, func(key, _ []byte) error {
		appID, openID := splitIdentityKey(key)
		who, _, err := t.identity(appID, openID)
		if err != nil {
			return err
		}
		return t.replace(nil, who.ends(appID, openID))
	})
}
