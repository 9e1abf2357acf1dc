package mysql

import (
	"context"
	"database/sql"
	"maps"

	"menshen/store"
)

// DeleteUser erases the user. What the audit knows of them may be long: it is
// erased first, in small transactions, so that logins go on meanwhile.
func (s *Store) DeleteUser(ctx context.Context, userID string, by store.Actor) (id string, err error) {
	p, err := s.inSteps(ctx, "delete_user", func(ctx context.Context, t *tx, p *progress) error {
		user, err := t.user(ctx, userID)
		if err != nil {
			return err
		}
		p.userID = user.ID
		if more, err := t.scrubEvents(ctx, user, p); err != nil || more {
			return err
		}
		p.done = true
		return t.deleteUser(ctx, user, by)
	})
	return p.userID, err
}

// progress is how far the transactions of a deletion have come.
type progress struct {
	userID   string
	scrubbed map[mention]store.RawID // the last event that is
	done     bool
}

// inSteps runs step in one transaction after the other until it is done. Whatever
// happens between two of them is there for the next to find. Once begun it goes on
// when its caller leaves: events without their details and a user who lives on
// would be what somebody with something to hide asks for.
func (s *Store) inSteps(ctx context.Context, verb string, step func(context.Context, *tx, *progress) error) (p progress, err error) {
	if err := ctx.Err(); err != nil {
		return p, err
	}
	ctx = context.WithoutCancel(ctx)
	p.scrubbed = map[mention]store.RawID{}
	for !p.done && err == nil {
		p, err = update(ctx, s, verb, func(ctx context.Context, t *tx) (progress, error) {
			after := progress{scrubbed: maps.Clone(p.scrubbed)}
			err := step(ctx, t, &after)
			return after, err
		})
	}
	return p, err
}

// mention is a column of audit and an id that events name there.
type mention struct{ column, id string }

// mentionsOf are where the audit names a user: as whom it happened to, and as who
// did it.
func mentionsOf(u store.User) (all []mention) {
	for _, id := range append([]string{u.ID}, u.FormerIDs...) {
		all = append(all, mention{"user_id", id}, mention{"actor", id})
	}
	return all
}

// scrubBatch keeps each transaction of a deletion short.
const scrubBatch = 500

// scrub leaves of an event that something happened, to whom and by whom.
const scrub = "UPDATE audit SET ip_address = NULL, detail = NULL WHERE "

// scrubEvents takes addresses and details out of the next events about the user or
// by them, a batch of each mention at most. It reports whether there are more. When
// there are none, everything that others have written by then is scrubbed.
func (t *tx) scrubEvents(ctx context.Context, user store.User, p *progress) (more bool, err error) {
	mentions := mentionsOf(user)
	ends, err := t.batchEnds(ctx, mentions, p)
	if err != nil {
		return false, err
	}
	for _, m := range mentions {
		from := p.scrubbed[m]
		end, long := ends[m]
		switch {
		case long:
			t.write(scrub+m.column+" = ? AND id > ? AND id <= ?", []byte(m.id), from[:], end[:])
			p.scrubbed[m] = end
		case len(ends) == 0:
			t.write(scrub+m.column+" = ? AND id > ?", []byte(m.id), from[:])
		}
	}
	return len(ends) > 0, nil
}

// batchEnds finds the last event of the next batch of each mention that has more
// events than that.
func (t *tx) batchEnds(ctx context.Context, mentions []mention, p *progress) (ends map[mention]store.RawID, err error) {
	ends = map[mention]store.RawID{}
	var queries []query
	for _, m := range mentions {
		from := p.scrubbed[m]
		queries = append(queries, ask(func(rows *sql.Rows) error {
			var end store.RawID
			err := rows.Scan(rawID{&end})
			ends[m] = end
			return err
		}, "SELECT id FROM audit WHERE "+m.column+" = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?", []byte(m.id), from[:], scrubBatch))
	}
	return ends, t.read(ctx, queries...)
}

// deleteUser removes a user whose events are scrubbed, with all that is theirs.
func (t *tx) deleteUser(ctx context.Context, user store.User, by store.Actor) error {
	err := t.read(ctx, ask(func(rows *sql.Rows) error {
		var session store.Session
		if err := rows.Scan(idText{store.SessionPrefix, &session.ID}, &session.Blocked); err != nil {
			return err
		}
		t.dropSession(session)
		return nil
	}, "SELECT id, blocked FROM sessions WHERE user_id = ?"+t.forUpdate(), rawUser(user.ID)))
	if err != nil {
		return err
	}
	t.write("DELETE FROM identities WHERE user_id = ?", rawUser(user.ID))
	if err := t.saveUser(&user, nil); err != nil {
		return err
	}
	t.audit(store.ActionDelete, user.ID, by, "")
	return nil
}
