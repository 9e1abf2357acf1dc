package resolvers

import (
	"context"

	"menshen/graph"
	"menshen/store"
)

// AuditEvents answers one page of what happened.
func (r query) AuditEvents(ctx context.Context, first *int32, after *string, filter *graph.AuditEventFilter) (*graph.AuditEventConnection, error) {
	var q store.AuditQuery
	var err error
	if q.Limit, err = pageSize("first", first); err != nil {
		return nil, err
	}
	if after != nil {
		c, err := parseCursor("after", auditEvents, *after)
		if err != nil {
			return nil, err
		}
		q.After = c.id.Text(store.EventPrefix)
	}
	if q.Filter, err = auditFilter(filter); err != nil {
		return nil, err
	}
	page, err := r.Store.AuditEvents(ctx, q)
	if err != nil {
		return nil, err
	}
	return auditEventConnection(page, q.Filter), nil
}

// TotalCount counts the events of the connection's filter.
func (r auditConnection) TotalCount(ctx context.Context, c *graph.AuditEventConnection) (*int32, error) {
	return counted(visitOf(ctx), c.Filter, c.Filter.Empty(), func() (int, bool, error) {
		return r.Store.CountAuditEvents(ctx, c.Filter)
	})
}

// auditFilter checks a filter; nil lets everything through.
func auditFilter(in *graph.AuditEventFilter) (f store.AuditFilter, err error) {
	if in == nil {
		return f, nil
	}
	f = store.AuditFilter{UserID: orZero(in.UserID), Action: orZero(in.Action)}
	f.At, err = timeRange("filter.from", "filter.to", in.From, in.To)
	return f, err
}

func auditEventConnection(page store.AuditPage, filter store.AuditFilter) *graph.AuditEventConnection {
	edges, cursors := edgesOf(page.Events, placeOfEvent, func(e *store.AuditEvent, cursor string) *graph.AuditEventEdge {
		return &graph.AuditEventEdge{Node: e, Cursor: cursor}
	})
	return &graph.AuditEventConnection{Edges: edges, PageInfo: pageInfo(cursors, page.HasNext, page.HasPrevious), Filter: filter}
}

func placeOfEvent(e *store.AuditEvent) cursor {
	raw, _ := store.ParseID(store.EventPrefix, e.ID) // a kept event's id is one
	return cursor{auditEvents, e.At, raw}
}
