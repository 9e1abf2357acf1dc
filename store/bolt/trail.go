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

// trail is events in the order of their ids, found by seeking.
type trail interface {
	// before returns the newest event on the trail whose id sorts before bound.
	before(bound []byte) (raw store.RawID, found bool)
}

// path is the events whose ids a bucket holds behind a prefix.
type path struct {
	cursor *bbolt.Cursor
	prefix []byte
}

func (t *tx) path(bucket, prefix []byte) trail { return path{t.Bucket(bucket).Cursor(), prefix} }

// before passes over keys of a wrong length, in a damaged file.
func (p path) before(bound []byte) (raw store.RawID, found bool) {
	key, _ := p.cursor.Seek(slices.Concat(p.prefix, bound))
	if key == nil {
		key, _ = p.cursor.Last()
	} else {
		key, _ = p.cursor.Prev()
	}
	for key != nil && bytes.HasPrefix(key, p.prefix) {
		if name := key[len(p.prefix):]; len(name) == len(raw) {
			return rawID(name), true
		}
		key, _ = p.cursor.Prev()
	}
	return raw, false
}

// either is the events that are on any of its trails.
type either []trail

func (e either) before(bound []byte) (newest store.RawID, found bool) {
	for _, t := range e {
		if raw, ok := t.before(bound); ok && (!found || bytes.Compare(raw[:], newest[:]) > 0) {
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

// span is a range of event ids.
type span struct{ from, before []byte }

// everything is the span of all ids.
var everything = span{nil, bytes.Repeat([]byte{0xff}, len(store.RawID{})+1)}

// spanOf narrows everything to a range of time, to the millisecond.
func spanOf(r store.TimeRange) span {
	s := everything
	if !r.From.IsZero() {
		s.from = idsFrom(r.From)
	}
	if !r.To.IsZero() {
		s.before = idsFrom(r.To.Add(time.Millisecond))
	}
	return s
}

// idsFrom sorts before all ids of an instant and behind those of earlier ones.
func idsFrom(t time.Time) []byte {
	ms := min(max(t.UnixMilli(), 0), 1<<48-1)
	return binary.BigEndian.AppendUint64(nil, uint64(ms)<<16)[:6]
}

// walk yields the events of a span that are on all the trails, newest first. It
// ends with the first error.
func (t *tx) walk(ctx context.Context, trails []trail, in span) iter.Seq2[store.AuditEvent, error] {
	return func(yield func(store.AuditEvent, error) bool) {
		for {
			raw, found, err := leap(ctx, trails, in)
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
			in.before = raw[:]
		}
	}
}

// leap finds the newest event of a span that is on all the trails. Each trail
// says how far the next may go back at once, so that the shortest of them decides
// how long it takes.
func leap(ctx context.Context, trails []trail, in span) (raw store.RawID, found bool, err error) {
	for err = ctx.Err(); err == nil; err = ctx.Err() {
		raw, agreed, found := meet(trails, in.before)
		if !found || bytes.Compare(raw[:], in.from) < 0 {
			return raw, false, nil
		}
		if agreed {
			return raw, true, nil
		}
		in.before = upTo(raw)
	}
	return raw, false, err
}

// meet asks the trails one after the other, each from where the last one stands.
// When they do not agree, the event where they meet, if any, is not newer than raw.
func meet(trails []trail, bound []byte) (raw store.RawID, agreed, found bool) {
	agreed = true
	for i, t := range trails {
		next, found := t.before(bound)
		if !found {
			return raw, false, false
		}
		agreed = agreed && (i == 0 || next == raw)
		raw, bound = next, upTo(next)
	}
	return raw, agreed, true
}

// upTo is a bound just behind an id.
func upTo(raw store.RawID) []byte { return append(raw[:], 0) }
