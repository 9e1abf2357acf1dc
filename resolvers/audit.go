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
	return total(r.Store.CountAuditEvents(ctx, c.Filter))
}

// auditFilter checks a filter; nil lets everything through.
func auditFilter(in *graph.AuditEventFilter) (f store.AuditFilter, err error) {
	if in == nil {
		return f, nil
	}
	f = store.AuditFilter{UserID: valueOr(in.UserID, ""), Action: valueOr(in.Action, "")}
	f.At, err = timeRange("filter.from", "filter.to", in.From, in.To)
	return f, err
}

func auditEventConnection(page store.AuditPage, filter store.AuditFilter) *graph.AuditEventConnection {
	edges, cursors := make([]*graph.AuditEventEdge, len(page.Events)), make([]string, len(page.Events))
	for i := range page.Events {
		event := &page.Events[i]
		raw, _ := store.ParseID(store.EventPrefix, event.ID) // a kept event's id is one
		cursors[i] = cursor{auditEvents, event.At, raw}.text()
		edges[i] = &graph.AuditEventEdge{Node: event, Cursor: cursors[i]}
	}
	return &graph.AuditEventConnection{Edges: edges, PageInfo: pageOf(cursors, page.HasNext, page.HasPrevious), Filter: filter}
}
