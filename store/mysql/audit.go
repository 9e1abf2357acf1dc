package mysql

import (
	"context"
	"database/sql"

	"menshen/store"
)

// AuditEvent returns one event.
func (s *Store) AuditEvent(ctx context.Context, id string) (event store.AuditEvent, err error) {
	err = s.view(ctx, "audit_event", func(ctx context.Context, t *tx) error {
		raw, ok := store.ParseID(store.EventPrefix, id)
		if !ok {
			return store.ErrNotFound
		}
		found, err := t.readEvents(ctx, words("audit a WHERE a.id = ?", raw[:]))
		if err == nil && len(found) == 0 {
			err = store.ErrNotFound
		}
		if err == nil {
			event = found[0]
		}
		return err
	})
	return event, err
}

// eventColumns are what scanEvent reads, of audit a.
const eventColumns = "a.id, a.action, a.actor, a.user_id, a.ip_address, a.detail"

func scanEvent(rows *sql.Rows) (event store.AuditEvent, err error) {
	var id store.RawID
	err = rows.Scan(rawID{&id}, &event.Action, &event.Actor, optional{&event.UserID}, optional{&event.IPAddress}, optional{&event.Detail})
	event.ID, event.At = id.Text(store.EventPrefix), id.Time()
	return event, err
}

// readEvents reads the events a of what stands behind FROM.
func (t *tx) readEvents(ctx context.Context, from clause) (events []store.AuditEvent, err error) {
	err = t.read(ctx, ask(func(rows *sql.Rows) error {
		event, err := scanEvent(rows)
		events = append(events, event)
		return err
	}, "SELECT "+eventColumns+" FROM "+from.text, from.args...))
	return events, err
}

// AuditEvents returns one page of events, newest first. It is read by one statement;
// the ids of a user take a round trip before.
func (s *Store) AuditEvents(ctx context.Context, q store.AuditQuery) (page store.AuditPage, err error) {
	err = s.view(ctx, "audit_events", func(ctx context.Context, t *tx) error {
		page, err = t.auditPage(ctx, q)
		return err
	})
	return page, err
}

func (t *tx) auditPage(ctx context.Context, q store.AuditQuery) (page store.AuditPage, err error) {
	found, err := t.trailsOf(ctx, q.Filter)
	if err != nil || len(found) == 0 {
		return page, err
	}
	ids := found.newest(words("TRUE"), q.Limit+1)
	after, given := store.ParseID(store.EventPrefix, q.After)
	if given {
		ids = join(" UNION ALL ", found.newest(words("a.id < ?", after[:]), q.Limit+1), found.newest(words("a.id >= ?", after[:]), 1))
	}
	events, err := t.readEvents(ctx, join("", words("("), ids, words(") p STRAIGHT_JOIN audit a ON a.id = p.id ORDER BY a.id DESC")))
	for given && len(events) > 0 && events[0].ID >= q.After {
		page.HasPrevious = true
		events = events[1:]
	}
	page.HasNext = len(events) > q.Limit
	page.Events = append(page.Events, events[:min(len(events), q.Limit)]...)
	return page, err
}

// CountAuditEvents counts the events that a filter lets through.
func (s *Store) CountAuditEvents(ctx context.Context, f store.AuditFilter) (n int, exact bool, err error) {
	err = s.view(ctx, "count_audit_events", func(ctx context.Context, t *tx) error {
		if f.Empty() {
			exact = true
			n, err = t.sum(ctx, countEvents, "")
			return err
		}
		found, err := t.trailsOf(ctx, f)
		if n, exact = 0, true; err != nil || len(found) == 0 {
			return err
		}
		n, exact, err = t.countUpToLimit(ctx, found.newest(words("TRUE"), store.CountLimit+1))
		return err
	})
	return n, exact, err
}
