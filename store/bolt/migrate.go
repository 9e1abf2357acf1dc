package bolt

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"menshen/store"
)

// migrations lead from each version to the next: migrations[0] makes version 1
// out of an empty file. A released one never changes.
var migrations = []func(*bbolt.Tx) error{
	makeBuckets,
}

// upgrade brings a file from the version it had to the newest.
func upgrade(t *bbolt.Tx, had int) error {
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

func makeBuckets(t *bbolt.Tx) error {
	for _, name := range buckets {
		if _, err := t.CreateBucket(name); err != nil {
			return err
		}
	}
	return nil
}
