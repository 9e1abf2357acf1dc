package storetest

import (
	"slices"

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
