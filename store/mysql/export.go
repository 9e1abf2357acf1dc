package mysql

import (
	"context"
	"database/sql"

	"menshen/store"
)

// Export returns everything held about a user but secrets.
func (s *Store) Export(ctx context.Context, userID string) (out store.Export, err error) {
	err = s.snapshot(ctx, "export", func(ctx context.Context, t *tx) error {
		out, err = t.export(ctx, userID)
		return err
	})
	return out, err
}

func (t *tx) export(ctx context.Context, userID string) (out store.Export, err error) {
	if out.User, err = t.user(ctx, userID); err != nil {
		return out, err
	}
	var ids []any
	for _, id := range append([]string{out.User.ID}, out.User.FormerIDs...) {
		ids = append(ids, []byte(id))
	}
	err = t.read(ctx, ask(func(rows *sql.Rows) error {
		session, err := scanSession(rows)
		session.Refresh, session.Recent = store.RefreshToken{}, nil
		out.Sessions = append(out.Sessions, session)
		return err
	}, "SELECT "+sessionColumns+" FROM sessions s WHERE s.user_id = ? ORDER BY s.id DESC", rawUser(out.User.ID)))
	if err != nil {
		return out, err
	}
	in := " IN (" + placeholders(len(ids)) + ")"
	out.Events, err = t.readEvents(ctx, words("(SELECT id FROM audit WHERE user_id"+in+" UNION SELECT id FROM audit WHERE actor"+in+
		") p STRAIGHT_JOIN audit a ON a.id = p.id ORDER BY a.id DESC", append(ids, ids...)...))
	return out, err
}
