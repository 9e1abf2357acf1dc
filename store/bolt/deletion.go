package bolt

import (
	"context"
	"errors"
	"maps"
	"math"

	"menshen/store"
)

// DeleteUser erases the user. What the audit knows of them may be long: it is
// erased first, in small transactions, so that logins go on meanwhile.
func (s *Store) DeleteUser(ctx context.Context, userID string, by store.Actor) (id string, err error) {
	err = s.inSteps(ctx, "delete_user", func(t *tx, p *progress) (done bool, err error) {
		user, err := t.user(userID)
		if err != nil {
			return false, err
		}
		id = user.ID
		if more, err := t.scrubEvents(user, p); err != nil || more {
			return false, err
		}
		return true, t.deleteUser(user, by, p)
	})
	return id, err
}

// progress is how far the transactions of a deletion have come.
type progress struct {
	next     map[string][]byte // of each list of events: the key to go on at
	sessions []string          // the ended ones
}

// inSteps runs step in one transaction after the other until it is done. Whatever
// happens between two of them is there for the next to find. Once begun it goes on
// when its caller leaves: events without their details and a user who lives on
// would be what somebody with something to hide asks for.
func (s *Store) inSteps(ctx context.Context, verb string, step func(*tx, *progress) (done bool, err error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	p := &progress{next: map[string][]byte{}}
	for done := false; !done; {
		var after *progress
		err := s.update(ctx, verb, func(t *tx) (err error) {
			after = &progress{next: maps.Clone(p.next)}
			done, err = step(t, after)
			return err
		})
		if err != nil {
			return err
		}
		p = after
	}
	s.touched.Forget(p.sessions)
	return nil
}

// scrubBatch keeps each transaction of a deletion short, and yet goes forward
// faster than the company of one transaction can add events.
const scrubBatch = 3 * maxBatch

// scrubEvents takes addresses and details out of the next events about the user
// or by them, a batch at most. It reports whether there may be more.
func (t *tx) scrubEvents(user store.User, p *progress) (more bool, err error) {
	left := scrubBatch
	for _, id := range rawIDsOf(user) {
		for _, index := range [][]byte{bucketAuditByUser, bucketAuditByActor} {
			list := string(index) + string(id[:])
			from, begun := p.next[list]
			if !begun {
				from = id[:]
			}
			for _, key := range t.keysFrom(index, id[:], from, left) {
				if err := t.scrubEvent(index, key); err != nil {
					return false, err
				}
				p.next[list] = append(key, 0)
				left--
			}
			if left == 0 {
				return true, nil
			}
		}
	}
	return false, nil
}

// scrubEvent leaves of the event that a key of an index names that something
// happened, to whom and by whom. One that does not read is removed with the key:
// nobody knows what its bytes tell.
func (t *tx) scrubEvent(index, key []byte) error {
	raw := rawID(key[len(store.RawID{}):])
	if t.get(bucketAudit, raw[:]) == nil {
		return t.delete(index, key)
	}
	event, err := t.event(raw)
	if err != nil {
		return errors.Join(t.delete(index, key), t.delete(bucketAudit, raw[:]), t.add(bucketMeta, keyEvents, -1))
	}
	if event.IPAddress == "" && event.Detail == "" {
		return nil
	}
	event.IPAddress, event.Detail = "", ""
	return t.putEvent(raw, event)
}

// deleteUser removes a user whose events are scrubbed, with all that is theirs.
func (t *tx) deleteUser(user store.User, by store.Actor, p *progress) error {
	for _, i := range user.Identities {
		if err := t.dropIdentity(i.AppID, i.OpenID); err != nil {
			return err
		}
	}
	return errors.Join(
		t.dropSessions(rawUser(user.ID), p),
		t.saveUser(&user, nil),
		t.audit(store.ActionDelete, user.ID, by, ""),
	)
}

// dropSessions removes all sessions of a user, also those that do not read: their
// bytes may still tell of the user.
func (t *tx) dropSessions(user store.RawID, p *progress) error {
	for _, key := range t.keysFrom(bucketSessionsByUser, user[:], user[:], math.MaxInt) {
		id := rawID(key[len(user):])
		p.sessions = append(p.sessions, id.Text(store.SessionPrefix))
		session, err := t.keptSession(id)
		if err != nil {
			err = errors.Join(t.delete(bucketSessions, id[:]), t.delete(bucketSessionsByUser, key), t.dropScanLogins(id))
		} else {
			err = t.endSession(session)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
