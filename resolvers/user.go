package resolvers

import (
	"context"

	"menshen/store"
)

// Me answers the signed-in user, null for a service key.
func (r query) Me(ctx context.Context) (*store.User, error) {
	who, err := r.caller(ctx)
	return who.user, err
}

// Sessions lists the user's live sessions, newest first.
func (r user) Sessions(ctx context.Context, u *store.User) ([]*store.Session, error) {
	live, err := r.Store.Sessions(ctx, u.ID)
	list := make([]*store.Session, len(live))
	for i := range live {
		list[i] = &live[i]
	}
	return list, err
}
