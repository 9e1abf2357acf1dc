package bolt

import (
	"bytes"
	"context"
	"errors"
	"iter"

	"menshen/store"
)

// AuditEvent returns one event.
func (s *Store) AuditEvent(ctx context.Context, id string) (event store.AuditEvent, err error) {
	err = s.view(ctx, "audit_event", func(t *tx) error {
		raw, ok := store.ParseID(store.EventPrefix, id)
		if !ok || t.get(bucketAudit, raw[:]) == nil {
			return store.ErrNotFound
		}
		event, err = t.event(raw)
		return err
	})
	return event, err
}

// AuditEvents returns one page of events, newest first.
func (s *Store) AuditEvents(ctx context.Context, q store.AuditQuery) (page store.AuditPage, err error) {
	err = s.view(ctx, "audit_events", func(t *tx) error {
		page, err = t.auditPage(ctx, q)
		return err
	})
	return page, err
}

func (t *tx) auditPage(ctx context.Context, q store.AuditQuery) (page store.AuditPage, err error) {
	before := everything.high
	if after, ok := store.ParseID(store.EventPrefix, q.After); ok {
		before = after[:]
		for newest, err := range t.eventsOf(ctx, q.Filter, everything.high) {
			if err != nil {
				return page, err
			}
			page.HasPrevious = newest.ID >= q.After
			break
		}
	}
	for event, err := range t.eventsOf(ctx, q.Filter, before) {
		if err != nil {
			return page, err
		}
		if page.HasNext = len(page.Events) == q.Limit; page.HasNext {
			break
		}
		page.Events = append(page.Events, event)
	}
	return page, nil
}

// CountAuditEvents counts the events that a filter lets through.
func (s *Store) CountAuditEvents(ctx context.Context, f store.AuditFilter) (n int, exact bool, err error) {
	err = s.view(ctx, "count_audit_events", func(t *tx) error {
		n, exact, err = t.countEvents(ctx, f)
		return err
	})
	return n, exact, err
}

func (t *tx) countEvents(ctx context.Context, f store.AuditFilter) (n int, exact bool, err error) {
	if f.Empty() {
		return t.counter(bucketMeta, keyEvents), true, nil
	}
	for _, err := range t.eventsOf(ctx, f, everything.high) {
		if err != nil {
			return 0, false, err
		}
		if n == store.CountLimit {
			return n, false, nil
		}
		n++
	}
	return n, true, nil
}

// eventsOf yields the events of a filter whose ids sort before a bound, newest
// first. It ends with the first error.
func (t *tx) eventsOf(ctx context.Context, f store.AuditFilter, before bound) iter.Seq2[store.AuditEvent, error] {
	return func(yield func(store.AuditEvent, error) bool) {
		trails, err := t.trailsOf(f)
		if err != nil {
			yield(store.AuditEvent{}, err)
			return
		}
		in := spanOf(f.At)
		if bytes.Compare(before, in.high) < 0 {
			in.high = before
		}
		for event, err := range t.eventsOn(ctx, trails, in) {
			if (err != nil || f.MatchesButUser(event)) && !yield(event, err) {
				return
			}
		}
	}
}

// audit notes what happened to a user in the transaction that does it. The address
// of an actor who is gone, by this transaction or while they were acting, would be
// personal data of somebody who was erased.
func (t *tx) audit(action, userID string, by store.Actor, detail store.Optional) error {
	if actor, ok := t.resolve(by.ID); ok && t.get(bucketUsers, actor[:]) == nil {
		by.IPAddress = ""
	}
	raw := t.nextEvent()
	event := store.AuditEvent{
		At: raw.Time(), Action: action, Actor: by.ID, UserID: store.Optional(userID), IPAddress: by.IPAddress, Detail: detail,
	}
	return errors.Join(t.putEvent(raw, event), t.indexEvent(raw, event))
}

// indexEvent puts what the indexes hold of a new event.
func (t *tx) indexEvent(raw store.RawID, event store.AuditEvent) error {
	return errors.Join(t.replace(nil, entriesOfEvent(raw, event)), t.add(bucketMeta, keyEvents, +1))
}

// entriesOfEvent returns everything that the indexes hold of an event. Nearly all
// events are logins, which a walk over the events finds as fast as an index.
func entriesOfEvent(raw store.RawID, event store.AuditEvent) (list []entry) {
	user, known := store.ParseID(store.UserPrefix, string(event.UserID))
	if known {
		list = append(list, entry{bucketAuditByUser, append(user[:], raw[:]...), nil})
	}
	if actor, ok := store.ParseID(store.UserPrefix, event.Actor); ok && actor != user {
		list = append(list, entry{bucketAuditByActor, append(actor[:], raw[:]...), nil})
	}
	if event.Action != store.ActionLogin {
		list = append(list, entry{bucketAuditByAction, append(actionPrefix(event.Action), raw[:]...), nil})
	}
	return list
}

func actionPrefix(action string) []byte { return []byte(action + "\x00") }

// nextEvent makes an id behind all others, so that the order of ids is the order
// of events, within a millisecond and under a clock that was set back too.
func (t *tx) nextEvent() store.RawID {
	raw, _ := store.ParseID(store.EventPrefix, store.NewID(store.EventPrefix, t.now))
	last, _ := t.Bucket(bucketAudit).Cursor().Last()
	if bytes.Compare(raw[:], last) > 0 {
		return raw
	}
	raw = rawID(last)
	for i := len(raw) - 1; i >= 0; i-- {
		if raw[i]++; raw[i] != 0 {
			break
		}
	}
	return raw
}

func (t *tx) putEvent(raw store.RawID, event store.AuditEvent) error {
	e := newRecord(128)
	e.time(event.At)
	e.text(event.Action)
	e.text(event.Actor)
	e.optional(event.UserID)
	e.optional(event.IPAddress)
	e.optional(event.Detail)
	return t.put(bucketAudit, raw[:], e)
}

// event reads an event that an index or a key names.
func (t *tx) event(raw store.RawID) (store.AuditEvent, error) {
	b := t.get(bucketAudit, raw[:])
	if b == nil {
		return store.AuditEvent{}, dangling("audit event")
	}
	return decodeEvent(raw, b)
}

func decodeEvent(raw store.RawID, b []byte) (store.AuditEvent, error) {
	d := openRecord(b)
	event := store.AuditEvent{
		ID: raw.Text(store.EventPrefix), At: d.time(), Action: d.text(), Actor: d.text(),
		UserID: d.optional(), IPAddress: d.optional(), Detail: d.optional(),
	}
	return event, d.err("audit event")
}
