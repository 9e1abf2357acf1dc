package bolt

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.etcd.io/bbolt"

	"menshen/store"
	"menshen/store/seal"
)

// Check walks the file in one read transaction; then bbolt checks its own pages,
// for which writes wait. It holds nothing in memory that grows with the users but
// bbolt's list of pages, about a hundredth of the file. It waits for a Backup, a
// Compact or another Check to end.
func (s *Store) Check(ctx context.Context, problem func(string)) (found store.Inventory, err error) {
	if err := s.longJob.Acquire(ctx, 1); err != nil {
		return found, err
	}
	defer s.longJob.Release(1)
	tell := func(format string, args ...any) { problem(fmt.Sprintf(format, args...)) }
	err = whole(s.file.Path(), func() error {
		return s.view(ctx, "check", func(t *tx) error {
			c := newChecker(ctx, t, tell)
			err := c.check(s.key)
			found = c.found
			return err
		})
	})
	if err != nil {
		return found, err
	}
	return found, s.checkPages(tell)
}

// checkPages has bbolt check its own pages: last, because it walks them in a
// goroutine of its own, where a fault could not be caught; and alone, because it
// reads the list of free pages that writes change.
func (s *Store) checkPages(tell func(format string, args ...any)) error {
	return s.committer.alone(func() (err, fatal error) {
		return s.file.View(func(t *bbolt.Tx) error {
			for fault := range t.Check(bbolt.WithKVStringer(nameless{})) {
				tell("bbolt: %v", fault)
			}
			return nil
		}), nil
	})
}

// nameless keeps keys, which may name a person, out of what bbolt tells.
type nameless struct{}

func (nameless) KeyToString([]byte) string   { return "…" }
func (nameless) ValueToString([]byte) string { return "…" }

// checker walks one state of the file and tells what does not hold.
type checker struct {
	*tx
	ctx     context.Context
	tell    func(format string, args ...any)
	found   store.Inventory
	entries map[string]int // that the records account for, by bucket
	facets  map[string]int // users in each
	active  map[string]int // users whose last day it was, by key of bucketActivity
	live    int            // sessions not ended
}

func newChecker(ctx context.Context, t *tx, tell func(format string, args ...any)) *checker {
	return &checker{
		tx: t, ctx: ctx, tell: tell,
		entries: map[string]int{}, facets: map[string]int{}, active: map[string]int{},
	}
}

// check walks every bucket. Its error is for a walk that could not be finished.
func (c *checker) check(key seal.Key) error {
	if !c.complete() {
		return nil
	}
	// The ring of this state of the file; the store's own may be older or newer.
	ring, err := seal.OpenRing(key, c.get(bucketMeta, keyRing))
	if err != nil {
		c.tell("meta: the key ring does not open with the key file")
		return nil
	}
	c.ring = ring
	for _, records := range []struct {
		bucket []byte
		check  func(key, value []byte)
	}{
		{bucketKeys, c.checkSecret},
		{bucketUsers, c.checkUser},
		{bucketIdentities, c.checkIdentity},
		{bucketSessions, c.checkSession},
		{bucketScanLogins, c.checkScanLogin},
		{bucketAudit, c.checkEvent},
		{bucketMessages, c.checkMessage},
		{bucketActivity, c.checkActivity},
		{bucketFacets, c.checkFacet},
	} {
		if err := c.each(records.bucket, records.check); err != nil {
			return err
		}
	}
	c.checkCounters()
	return c.checkIndexes()
}

// complete reports whether every bucket is there, and tells of others.
func (c *checker) complete() bool {
	found := 0
	for _, name := range allBuckets {
		if c.Bucket(name) == nil {
			c.tell("%s: the bucket is missing", name)
			continue
		}
		found++
	}
	strange := -found
	cursor := c.Cursor()
	for name, _ := cursor.First(); name != nil; name, _ = cursor.Next() {
		strange++
	}
	if strange > 0 {
		c.tell("%d buckets are not of a store", strange)
	}
	return found == len(allBuckets)
}

func (c *checker) each(bucket []byte, check func(key, value []byte)) error {
	return c.Bucket(bucket).ForEach(func(key, value []byte) error {
		check(key, value)
		return c.ctx.Err()
	})
}

// id reads a key that is an id.
func (c *checker) id(bucket, key []byte) (raw store.RawID, ok bool) {
	if len(key) != len(raw) {
		c.tell("%s: a key of %d bytes is not an id", bucket, len(key))
		return raw, false
	}
	return rawID(key), true
}

// expect tells of the entries that a record should have in the indexes and has not.
func (c *checker) expect(record string, list []entry) {
	for _, e := range list {
		c.entries[string(e.bucket)]++
		if value := c.get(e.bucket, e.key); value == nil || !(entry{e.bucket, e.key, value}).equal(e) {
			c.tell("%s: the entry of %s is missing or wrong", e.bucket, record)
		}
	}
}

// indexes are the buckets in which every entry is one that a record accounts for.
// Identities, which are records too, are looked at by checkIdentity besides.
var indexes = [][]byte{
	bucketFormerIDs, bucketUnionIDs, bucketPhones, bucketNickNames, bucketDirectory,
	bucketSessionsByUser, bucketSessionsByEnd, bucketScanLoginsBySession, bucketKeysByEnd,
	bucketAuditByUser, bucketAuditByActor, bucketAuditByAction, bucketMessagesByEnd,
}

// checkIndexes expects no entry but those of the records.
func (c *checker) checkIndexes() error {
	for _, bucket := range append(slices.Clip(indexes), bucketIdentities) {
		n := 0
		if err := c.each(bucket, func(_, _ []byte) { n++ }); err != nil {
			return err
		}
		if want := c.entries[string(bucket)]; n != want {
			c.tell("%s: %d entries, the records account for %d", bucket, n, want)
		}
	}
	return nil
}

// checkCounters expects every counter to say what was counted.
func (c *checker) checkCounters() {
	c.checkCounter(bucketMeta, keySessions, c.live)
	c.checkCounter(bucketMeta, keyEvents, c.found.AuditEvents)
	for _, facet := range slices.Sorted(maps.Keys(c.facets)) {
		c.checkCounter(bucketFacets, []byte(facet), c.facets[facet])
	}
	for _, key := range slices.Sorted(maps.Keys(c.active)) {
		day, _, _ := splitActivityKey([]byte(key))
		c.tell("activity: users were active on %s, and there are no figures of it", day)
	}
}

func (c *checker) checkCounter(bucket, key []byte, want int) {
	if n := c.counter(bucket, key); n != want {
		c.tell("%s: the counter %q is %d, there are %d", bucket, key, n, want)
	}
}
