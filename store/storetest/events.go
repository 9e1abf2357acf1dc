package storetest

import (
	"slices"
	"time"

	"menshen/store"
)

// events returns all audit events without their ids, which nobody can foretell.
func (f *fixture) events() []store.AuditEvent {
	f.Helper()
	page, err := f.store.AuditEvents(f.Context(), store.AuditQuery{Limit: 10_000})
	f.need(err)
	events := page.Events
	for i := range events {
		if _, ok := store.ParseID(store.EventPrefix, events[i].ID); !ok {
			f.Errorf("not an event id: %q", events[i].ID)
		}
		events[i].ID = ""
	}
	return events
}

// actions returns what happened, oldest first.
func (f *fixture) actions() (list []string) {
	f.Helper()
	for _, event := range slices.Backward(f.events()) {
		list = append(list, event.Action)
	}
	return list
}

// happened counts the events of an action.
func (f *fixture) happened(action string) (n int) {
	f.Helper()
	for _, event := range f.events() {
		if event.Action == action {
			n++
		}
	}
	return n
}

// acted is the event of what the actor did to a user.
func acted(action, userID string, at time.Time, detail store.Optional) store.AuditEvent {
	return store.AuditEvent{
		At: at, Action: action, Actor: actor.ID, UserID: store.Optional(userID), IPAddress: actor.IPAddress, Detail: detail,
	}
}

// newestEvent is the last event but for its id; none is the zero event.
func (f *fixture) newestEvent() store.AuditEvent {
	f.Helper()
	if events := f.events(); len(events) > 0 {
		return events[0]
	}
	return store.AuditEvent{}
}

// newestID is the id of the last event.
func (f *fixture) newestID() string {
	f.Helper()
	page, err := f.store.AuditEvents(f.Context(), store.AuditQuery{Limit: 1})
	f.need(err)
	return page.Events[0].ID
}

// newestEventOf is the last event about a user; none is the zero event.
func (f *fixture) newestEventOf(userID string) store.AuditEvent {
	f.Helper()
	page, err := f.store.AuditEvents(f.Context(), store.AuditQuery{Filter: store.AuditFilter{UserID: userID}, Limit: 1})
	f.need(err)
	if len(page.Events) == 0 {
		return store.AuditEvent{}
	}
	return page.Events[0]
}
