package resolvers

import (
	"context"
	"errors"
	"strings"

	"menshen/graph"
	"menshen/store"
)

// Node answers what an id names, if the caller may see it. What is not theirs
// is as if it were not there.
func (r query) Node(ctx context.Context, id string) (graph.Node, error) {
	who, err := r.caller(ctx)
	if err != nil {
		return nil, err
	}
	node, owner, err := r.find(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if who.role != store.RoleAdmin && owner != who.user.ID {
		return nil, nil
	}
	return node, nil
}

// find looks an id up and tells which user it belongs to; an audit event belongs
// to none.
func (r query) find(ctx context.Context, id string) (node graph.Node, owner string, err error) {
	switch {
	case strings.HasPrefix(id, store.UserPrefix):
		u, err := r.Store.User(ctx, id)
		return &u, u.ID, err
	case strings.HasPrefix(id, store.SessionPrefix):
		s, err := r.Store.Session(ctx, id)
		return &s, s.UserID, err
	case strings.HasPrefix(id, store.EventPrefix):
		e, err := r.Store.AuditEvent(ctx, id)
		return &e, "", err
	}
	return nil, "", store.ErrNotFound
}
