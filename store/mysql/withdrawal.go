package mysql

import (
	"context"
	"database/sql"

	"menshen/store"
)

// Withdraw erases what WeChat says a user has withdrawn. A crash before the last
// transaction leaves the message unknown: WeChat's repeat begins anew.
func (s *Store) Withdraw(ctx context.Context, w store.Withdrawal) error {
	_, err := s.inSteps(ctx, "withdraw", func(ctx context.Context, t *tx, p *progress) error {
		user, repeated, err := t.withdrawer(ctx, w)
		if err != nil {
			return err
		}
		if p.done = repeated; repeated {
			return nil
		}
		if user != nil && w.Account {
			if more, err := t.scrubEvents(ctx, *user, p); err != nil || more {
				return err
			}
		}
		p.done = true
		return t.withdraw(ctx, user, w)
	})
	return err
}

// withdrawer finds the user whom a message is about, nil when we know nobody, and
// reports whether the message came before. What leads to the user is locked first:
// a merge under way ends before the user is looked for.
func (t *tx) withdrawer(ctx context.Context, w store.Withdrawal) (user *store.User, repeated bool, err error) {
	app, open, union := []byte(w.AppID), []byte(w.OpenID), []byte(w.UnionID)
	found := userRows{t: t}
	err = t.read(ctx,
		ask(func(*sql.Rows) error { repeated = true; return nil }, "SELECT 1 FROM messages WHERE id = ?", w.MessageID[:]),
		lock("SELECT 1 FROM identities WHERE app_id = ? AND open_id = ?"+t.forUpdate(), app, open),
		lock("SELECT 1 FROM union_ids WHERE union_id = ?"+t.forUpdate(), union),
		ask(func(rows *sql.Rows) error { return found.scan(rows) }, "SELECT "+userColumns+fromUsers+
			"WHERE u.id = COALESCE("+ofIdentity+", "+ofUnionID+")"+
			byPlace+t.forUpdate(), app, open, union),
	)
	if len(found.all) > 0 {
		user = &found.all[0]
	}
	return user, repeated, err
}

// withdraw remembers the message and does to the user what it says.
func (t *tx) withdraw(ctx context.Context, user *store.User, w store.Withdrawal) error {
	by := store.Actor{ID: store.ActorWeChat}
	t.write("INSERT INTO messages (id, ends) VALUES (?, ?)", w.MessageID[:], ms(t.now.Add(store.MessageMemory)))
	if user == nil {
		t.audit(store.ActionPush, "", by, w.Detail)
		return nil
	}
	t.audit(store.ActionPush, user.ID, by, w.Detail)
	if w.Account {
		return t.deleteUser(ctx, *user, by)
	}
	after := w.Erase(*user, t.now)
	if user.Phone != nil && after.Phone == nil {
		t.audit(store.ActionUnbindPhone, after.ID, by, "")
	}
	return t.saveUser(user, &after)
}
