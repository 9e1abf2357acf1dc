package bolt

import (
	"context"
	"errors"

	"menshen/store"
)

// Withdraw erases what WeChat says a user has withdrawn. A crash before the last
// transaction leaves the message unknown: WeChat's repeat begins anew.
func (s *Store) Withdraw(ctx context.Context, w store.Withdrawal) error {
	return s.inSteps(ctx, "withdraw", func(t *tx, p *progress) (done bool, err error) {
		if t.get(bucketMessages, w.MessageID[:]) != nil {
			return true, nil
		}
		user, known, err := t.withdrawer(w)
		if err != nil {
			return false, err
		}
		if known && w.Account {
			if more, err := t.scrubEvents(user, p); err != nil || more {
				return false, err
			}
		}
		err = errors.Join(
			t.rememberMessage(store.KeptMessage{ID: w.MessageID, End: t.now.Add(store.MessageMemory)}),
			t.audit(store.ActionPush, user.ID, store.Actor{ID: store.ActorWeChat}, w.Detail),
		)
		if known {
			err = errors.Join(err, t.withdraw(user, w, p))
		}
		return true, err
	})
}

// withdrawer finds the user whom a message is about; false when we know nobody.
func (t *tx) withdrawer(w store.Withdrawal) (user store.User, known bool, err error) {
	who, held, err := t.identity(w.AppID, w.OpenID)
	if err != nil {
		return user, false, err
	}
	if !held {
		who.user, held = t.unionIDHolder(w.UnionID)
	}
	if !held {
		return user, false, nil
	}
	user, err = t.linkedUser(who.user)
	return user, err == nil, err
}

// withdraw does to the user what the message says.
func (t *tx) withdraw(before store.User, w store.Withdrawal, p *progress) error {
	by := store.Actor{ID: store.ActorWeChat}
	if w.Account {
		return t.deleteUser(before, by, p)
	}
	after := w.Erase(before, t.now)
	err := t.saveUser(&before, &after)
	if before.Phone != nil && after.Phone == nil {
		err = errors.Join(err, t.audit(store.ActionUnbindPhone, after.ID, by, ""))
	}
	return err
}

// rememberMessage has a repeat of the message known until its end.
func (t *tx) rememberMessage(m store.KeptMessage) error {
	return errors.Join(
		t.put(bucketMessages, m.ID[:], at(m.End, nil)),
		t.put(bucketMessagesByEnd, at(m.End, m.ID[:]), nil),
	)
}
