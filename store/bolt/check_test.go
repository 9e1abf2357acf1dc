package bolt

import (
	"bytes"
	"context"
	"testing"

	"menshen/store"
)

// check walks a file and finds whether its records and indexes agree.
type check struct {
	*testing.T
	*tx
	indexed map[string]int // index entries that the records account for, by bucket
}

// checkStore runs bbolt's own check and then ours.
func checkStore(t *testing.T, s *Store) {
	t.Helper()
	err := s.view(context.WithoutCancel(t.Context()), "check", func(tx *tx) error {
		for err := range tx.Check() {
			t.Errorf("bbolt: %v", err)
		}
		c := &check{T: t, tx: tx, indexed: map[string]int{}}
		c.each(bucketUsers, c.user)
		c.each(bucketSessions, c.session)
		c.each(bucketAudit, c.event)
		c.each(bucketKeys, c.keySet)
		c.counts()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func (c *check) each(bucket []byte, record func(key, value []byte) error) {
	err := c.Bucket(bucket).ForEach(record)
	if err != nil {
		c.Errorf("%s: %v", bucket, err)
	}
}

// points expects an index to lead from a key to a value.
func (c *check) points(bucket, key, value []byte) {
	c.indexed[string(bucket)]++
	if got := c.get(bucket, key); got == nil || !bytes.Equal(got, value) {
		c.Errorf("%s: %q leads to %q, want %q", bucket, key, got, value)
	}
}

func (c *check) user(key, value []byte) error {
	user, err := c.decodeUser(rawID(key), value)
	if err != nil {
		return err
	}
	for _, i := range user.Identities {
		who, known, err := c.identity(i.AppID, i.OpenID)
		if err != nil {
			return err
		}
		if !known || who.user != rawID(key) {
			c.Errorf("%s has an identity that names %s", user.ID, who.user.Text(store.UserPrefix))
		}
		c.indexed[string(bucketIdentities)]++
	}
	if user.UnionID != "" {
		c.points(bucketUnionIDs, []byte(user.UnionID), key)
	}
	if user.Phone != nil {
		hidden, err := c.ring.Lookup(user.Phone.Canonical())
		if err != nil {
			return err
		}
		c.points(bucketPhones, hidden, key)
	}
	return nil
}

func (c *check) session(key, value []byte) error {
	session, err := decodeSession(rawID(key), value)
	if err != nil {
		return err
	}
	user, id := sessionIDs(session)
	if c.get(bucketUsers, user[:]) == nil {
		c.Errorf("%s is a session of nobody", session.ID)
	}
	c.points(bucketSessionsByUser, byUser(user, id), []byte{})
	c.points(bucketSessionsByEnd, byEnd(session.ExpiresAt, id), []byte{})
	c.indexed[string(bucketSessions)]++
	return nil
}

func (c *check) event(key, value []byte) error {
	_, err := decodeEvent(rawID(key), value)
	return err
}

func (c *check) keySet(key, _ []byte) error {
	_, err := c.tx.keySet(string(key))
	return err
}

// counts expects no index entry but those that records account for.
func (c *check) counts() {
	for _, bucket := range [][]byte{
		bucketIdentities, bucketUnionIDs, bucketPhones, bucketSessions, bucketSessionsByUser, bucketSessionsByEnd,
	} {
		if n := c.Bucket(bucket).Stats().KeyN; n != c.indexed[string(bucket)] {
			c.Errorf("%s: %d entries, the records account for %d", bucket, n, c.indexed[string(bucket)])
		}
	}
	if n := c.counted(keySessions); n != uint64(c.indexed[string(bucketSessions)]) {
		c.Errorf("%d sessions counted, there are %d", n, c.indexed[string(bucketSessions)])
	}
}
