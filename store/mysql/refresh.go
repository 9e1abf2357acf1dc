package mysql

import (
	"context"

	"menshen/store"
)

// refreshed is what a refresh token got.
type refreshed struct {
	session store.Session
	user    store.User
	outcome store.RefreshOutcome
}

// Refresh exchanges a refresh token for its successor. One whose COMMIT got no
// answer comes to the same when it is done twice: the second finds the token
// exchanged just now and gives the same successor again, as to any repeat. Theft
// leaves its event.
func (s *Store) Refresh(ctx context.Context, in store.Refresh) (store.Session, store.User, error) {
	out, err := update(ctx, s, "refresh", func(ctx context.Context, t *tx) (refreshed, error) { return t.refresh(ctx, in) })
	if err == nil && out.outcome == store.RefreshTheft {
		err = store.ErrRefreshReused
	}
	return out.session, out.user, err
}

// refresh reports theft as an outcome without an error, so that the end of the
// session stays.
func (t *tx) refresh(ctx context.Context, in store.Refresh) (out refreshed, err error) {
	if out.session, out.user, err = t.lockedSession(ctx, in.SessionID); err != nil {
		return out, err
	}
	outcome, successor := out.session.Judge(in, t.now)
	out.outcome = outcome
	switch outcome {
	case store.RefreshInvalid:
		return out, store.ErrSessionEnded
	case store.RefreshTheft:
		t.dropSession(out.session)
		t.audit(store.ActionRefreshTheft, out.session.UserID, in.By, store.Optional(out.session.ID))
	case store.RefreshExchange:
		out.session = out.session.Exchanged(in.Next, t.options.SessionLife, t.now)
		t.putSession(out.session)
		out.user = t.countActive(out.user, out.session.AppID, out.session.OpenID)
	case store.RefreshRepeat:
		out.session.Refresh = successor
	}
	return out, nil
}
