package bolt

import (
	"context"

	"menshen/store"
)

// AuditEvents returns at most limit events, newest first.
func (s *Store) AuditEvents(ctx context.Context, limit int) (events []store.AuditEvent, err error) {
	err = s.view(ctx, "audit_events", func(t *tx) error {
		events = nil
		c := t.Bucket(bucketAudit).Cursor()
		for k, v := c.Last(); k != nil && len(events) < limit; k, v = c.Prev() {
			event, err := decodeEvent(rawID(k), v)
			if err != nil {
				return err
			}
			events = append(events, event)
		}
		return nil
	})
	return events, err
}

// audit notes what happened to a user in the transaction that does it.
func (t *tx) audit(action, userID string, by store.Actor, detail store.Optional) error {
	raw, _ := store.ParseID(store.EventPrefix, store.NewID(store.EventPrefix, t.now))
	e := newRecord(128)
	e.time(t.now)
	e.text(action)
	e.text(by.ID)
	e.text(userID)
	e.optional(by.IPAddress)
	e.optional(detail)
	return t.put(bucketAudit, raw[:], e)
}

func decodeEvent(raw store.RawID, b []byte) (store.AuditEvent, error) {
	d := openRecord(b)
	event := store.AuditEvent{
		ID: raw.Text(store.EventPrefix), At: d.time(), Action: d.text(), Actor: d.text(),
		UserID: d.optional(), IPAddress: d.optional(), Detail: d.optional(),
	}
	return event, d.err("audit event")
}
