package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"menshen/store"
)

// trail is a posting list: events in the order of their ids, found by seeking.
type trail interface {
	// before returns the newest event on the trail whose id sorts before a bound.
	before(b bound) (raw store.RawID, found bool)
}

// path is a trail as it is kept: the ids that a bucket holds behind a prefix.
type path struct {
	cursor *bbolt.Cursor
	prefix []byte
}

func (t *tx) path(bucket, prefix []byte) trail { return path{t.Bucket(bucket).Cursor(), prefix} }

// before passes over keys of a wrong length, in a damaged file.
func (p path) before(b bound) (raw store.RawID, found bool) {
	key := nearest(p.cursor, slices.Concat(p.prefix, b), false)
	for ; key != nil && bytes.HasPrefix(key, p.prefix); key = next(p.cursor, false) {
		if name := key[len(p.prefix):]; len(name) == len(raw) {
			return rawID(name), true
		}
	}
	return raw, false
}

// either is the union of its trails: the events that are on any of them.
type either []trail

func (e either) before(b bound) (newest store.RawID, found bool) {
	for _, t := range e {
		if raw, ok := t.before(b); ok && (!found || bytes.Compare(raw[:], newest[:]) > 0) {
			newest, found = raw, true
		}
	}
	return newest, found
}

// trailsOf returns the trails that an event of the filter is on, all of them.
func (t *tx) trailsOf(f store.AuditFilter) (trails []trail, err error) {
	if f.UserID != "" {
		ids, err := t.idsOf(f.UserID)
		if err != nil {
			return nil, err
		}
		trails = append(trails, t.pathsOf(ids, bucketAuditByUser))
	}
	if f.Action != "" && f.Action != store.ActionLogin {
		trails = append(trails, t.path(bucketAuditByAction, actionPrefix(f.Action)))
	}
	if len(trails) == 0 {
		trails = append(trails, t.path(bucketAudit, nil))
	}
	return trails, nil
}

// pathsOf is the events that indexes hold under any of the ids.
func (t *tx) pathsOf(ids []store.RawID, indexes ...[]byte) (all either) {
	for _, id := range ids {
		for _, index := range indexes {
			all = append(all, t.path(index, id[:]))
		}
	}
	return all
}

// idsOf returns the ids under which the audit knows a user: theirs and their
// former ones, when id is any of these. Of a deleted user only id itself is known.
func (t *tx) idsOf(id string) ([]store.RawID, error) {
	raw, ok := t.resolve(id)
	if !ok {
		return nil, nil
	}
	user, err := t.facts(raw)
	if errors.Is(err, store.ErrNotFound) {
		return []store.RawID{raw}, nil
	}
	return rawIDsOf(user), err
}

func rawIDsOf(u store.User) []store.RawID {
	ids := []store.RawID{rawUser(u.ID)}
	for _, former := range u.FormerIDs {
		ids = append(ids, rawUser(former))
	}
	return ids
}

// everything is the span of all ids.
var everything = span{nil, bytes.Repeat([]byte{0xff}, len(store.RawID{})+1)}

// spanOf narrows everything to a range of time, to the millisecond.
func spanOf(r store.TimeRange) span {
	s := everything
	if !r.From.IsZero() {
		s.low = idsFrom(r.From)
	}
	if !r.To.IsZero() {
		s.high = idsFrom(r.To.Add(time.Millisecond))
	}
	return s
}

// idsFrom sorts before all ids of an instant and behind those of earlier ones.
func idsFrom(t time.Time) bound {
	ms := min(max(t.UnixMilli(), 0), 1<<48-1)
	return binary.BigEndian.AppendUint64(nil, uint64(ms)<<16)[:6]
}

// eventsOn yields the events of a span that are on all the trails, newest first.
// It ends with the first error.
func (t *tx) eventsOn(ctx context.Context, trails []trail, in span) iter.Seq2[store.AuditEvent, error] {
	return func(yield func(store.AuditEvent, error) bool) {
		for {
			raw, found, err := newestOnAll(ctx, trails, in)
			if !found && err == nil {
				return
			}
			var event store.AuditEvent
			if err == nil {
				event, err = t.event(raw)
			}
			if !yield(event, err) || err != nil {
				return
			}
			in.high = raw[:]
		}
	}
}

// newestOnAll finds the newest event of a span that is on all the trails: the
// head of their intersection, by leapfrog. Each trail says how far the next may go
// back at once, so that the shortest of them decides how long it takes.
func newestOnAll(ctx context.Context, trails []trail, in span) (raw store.RawID, found bool, err error) {
	for err = ctx.Err(); err == nil; err = ctx.Err() {
		raw, agreed, found := agree(trails, in.high)
		if !found || bytes.Compare(raw[:], in.low) < 0 {
			return raw, false, nil
		}
		if agreed {
			return raw, true, nil
		}
		in.high = upTo(raw)
	}
	return raw, false, err
}

// agree asks the trails one after the other, each from where the last one stands.
// When they do not agree, the newest event on all of them, if any, is not newer
// than raw.
func agree(trails []trail, below bound) (raw store.RawID, agreed, found bool) {
	agreed = true
	for i, t := range trails {
		next, found := t.before(below)
		if !found {
			return raw, false, false
		}
		agreed = agreed && (i == 0 || next == raw)
		raw, below = next, upTo(next)
	}
	return raw, agreed, true
}

// upTo is the bound just above an id.
func upTo(raw store.RawID) bound { return append(raw[:], 0) }
