package bolt

import (
	"bytes"
	"slices"

	"menshen/store"
)

// entry is what an index holds.
type entry struct{ bucket, key, value []byte }

func (e entry) equal(other entry) bool {
	return bytes.Equal(e.bucket, other.bucket) && bytes.Equal(e.key, other.key) && bytes.Equal(e.value, other.value)
}

// replace takes away what only before has and puts what only after has.
func (t *tx) replace(before, after []entry) error {
	for _, e := range before {
		if !slices.ContainsFunc(after, e.equal) {
			if err := t.delete(e.bucket, e.key); err != nil {
				return err
			}
		}
	}
	for _, e := range after {
		if !slices.ContainsFunc(before, e.equal) {
			if err := t.put(e.bucket, e.key, e.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// entriesOf returns everything that the indexes hold of a user, identities
// apart. This one list is what saveUser keeps up and what Check holds the file
// against.
func (t *tx) entriesOf(u store.User) (list []entry, err error) {
	raw := rawUser(u.ID)
	add := func(bucket, key, value []byte) { list = append(list, entry{bucket, key, value}) }
	for _, former := range u.FormerIDs {
		id := rawUser(former)
		add(bucketFormerIDs, id[:], raw[:])
	}
	for _, unionID := range u.UnionIDs() {
		add(bucketUnionIDs, []byte(unionID), raw[:])
	}
	if u.Phone != nil {
		hidden, err := t.ring.Lookup(u.Phone.Canonical())
		if err != nil {
			return nil, err
		}
		add(bucketPhones, hidden, raw[:])
	}
	if name := store.FoldNickName(u.Profile.NickName); name != "" {
		add(bucketNickNames, nickNameKey(name, raw), nil)
	}
	for _, facet := range u.Facets() {
		add(bucketDirectory, directoryKey(facet, store.ByCreatedAt, u.CreatedAt, raw), nil)
		add(bucketDirectory, directoryKey(facet, store.ByLastLoginAt, u.LastLoginAt, raw), nil)
	}
	return list, nil
}

// saveUser puts a user and brings the indexes and counters from what they held
// of before to what they hold of after. A nil before is a new user, a nil after
// one who is gone; before and after have one id.
func (t *tx) saveUser(before, after *store.User) error {
	old, err := t.entriesOfAny(before)
	if err != nil {
		return err
	}
	fresh, err := t.entriesOfAny(after)
	if err != nil {
		return err
	}
	if err := t.replace(old, fresh); err != nil {
		return err
	}
	if err := t.countFacets(before, after); err != nil {
		return err
	}
	if after == nil {
		raw := rawUser(before.ID)
		return t.delete(bucketUsers, raw[:])
	}
	return t.writeUser(*after)
}

func (t *tx) entriesOfAny(u *store.User) ([]entry, error) {
	if u == nil {
		return nil, nil
	}
	return t.entriesOf(*u)
}

// countFacets moves the counters of the facets that a user left or entered.
func (t *tx) countFacets(before, after *store.User) error {
	var left, entered []string
	if before != nil {
		left = before.Facets()
	}
	if after != nil {
		entered = after.Facets()
	}
	for _, facet := range left {
		if !slices.Contains(entered, facet) {
			if err := t.add(bucketFacets, []byte(facet), -1); err != nil {
				return err
			}
		}
	}
	for _, facet := range entered {
		if !slices.Contains(left, facet) {
			if err := t.add(bucketFacets, []byte(facet), +1); err != nil {
				return err
			}
		}
	}
	return nil
}
