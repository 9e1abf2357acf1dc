package bolt

import (
	"context"
	"slices"

	"menshen/store"
)

// Export returns everything held about a user but secrets.
func (s *Store) Export(ctx context.Context, userID string) (out store.Export, err error) {
	err = s.view(ctx, "export", func(t *tx) error {
		out, err = t.export(ctx, userID)
		return err
	})
	return out, err
}

func (t *tx) export(ctx context.Context, userID string) (out store.Export, err error) {
	if out.User, err = t.user(userID); err != nil {
		return out, err
	}
	out.Sessions = t.sessionsOf(rawUser(out.User.ID))
	slices.Reverse(out.Sessions)
	for i := range out.Sessions {
		out.Sessions[i].Refresh, out.Sessions[i].Recent = store.RefreshToken{}, nil
	}
	trails := []trail{t.pathsOf(rawIDsOf(out.User), bucketAuditByUser, bucketAuditByActor)}
	for event, err := range t.eventsOn(ctx, trails, everything) {
		if err != nil {
			return out, err
		}
		out.Events = append(out.Events, event)
	}
	return out, nil
}
