package bolt

import (
	"context"
	"errors"
	"fmt"

	"menshen/store"
)

// BindPhone gives the user a phone number.
func (s *Store) BindPhone(ctx context.Context, userID string, phone store.Phone, by store.Actor) (user store.User, err error) {
	var taken bool
	err = s.update(ctx, "bind_phone", func(t *tx) error {
		user, taken, err = t.bindPhone(userID, phone, by)
		return err
	})
	if err == nil && taken {
		return store.User{}, store.ErrPhoneTaken
	}
	return user, err
}

// bindPhone reports a number that is taken without an error, so that the
// audit event of it stays.
func (t *tx) bindPhone(userID string, phone store.Phone, by store.Actor) (user store.User, taken bool, err error) {
	before, err := t.user(userID)
	if err != nil {
		return user, false, err
	}
	holder, held, err := t.phoneHolder(phone)
	if err != nil {
		return user, false, err
	}
	if raw := rawUser(before.ID); held && holder != raw {
		return user, true, t.noteConflict(raw, by)
	}
	if before.Phone != nil && before.Phone.Same(phone) {
		return before, false, nil
	}
	user = before
	phone.BoundAt = t.now
	user.Phone = &phone
	return user, false, errors.Join(
		t.saveUser(&before, &user),
		t.audit(store.ActionBindPhone, user.ID, by, ""),
	)
}

// noteConflict leaves the audit as it is when the newest event of the user says
// the same and is younger than store.ConflictInterval.
func (t *tx) noteConflict(user store.RawID, by store.Actor) error {
	if newest, found := t.path(bucketAuditByUser, user[:]).before(everything.high); found {
		event, err := t.event(newest)
		if err == nil && event.Action == store.ActionPhoneConflict && t.now.Sub(event.At) < store.ConflictInterval {
			return nil
		}
	}
	return t.audit(store.ActionPhoneConflict, user.Text(store.UserPrefix), by, "")
}

// UnbindPhone takes the user's phone number away.
func (s *Store) UnbindPhone(ctx context.Context, userID string, by store.Actor) (store.User, error) {
	return s.changeUser(ctx, "unbind_phone", userID, func(t *tx, user *store.User) error {
		if user.Phone == nil {
			return nil
		}
		user.Phone = nil
		return t.audit(store.ActionUnbindPhone, user.ID, by, "")
	})
}

// UserByPhone returns the user who holds a number.
func (s *Store) UserByPhone(ctx context.Context, phone store.Phone) (user store.User, err error) {
	err = s.view(ctx, "user_by_phone", func(t *tx) error {
		holder, held, err := t.phoneHolder(phone)
		if err != nil {
			return err
		}
		if !held {
			return store.ErrNotFound
		}
		user, err = t.linkedUser(holder)
		return err
	})
	return user, err
}

// phoneHolder returns the user who holds a number, or false.
func (t *tx) phoneHolder(phone store.Phone) (raw store.RawID, held bool, err error) {
	hidden, err := t.ring.Lookup(phone.Canonical())
	if err != nil {
		return raw, false, err
	}
	b := t.get(bucketPhones, hidden)
	return rawID(b), b != nil, nil
}

func phoneRecord(userID string) string { return "users/" + userID + "/phone" }

// sealPhone closes a number for its user's record; no number is no bytes.
func (t *tx) sealPhone(p *store.Phone, userID string) ([]byte, error) {
	if p == nil {
		return nil, nil
	}
	e := newRecord(32)
	e.text(p.Number)
	e.text(p.PureNumber)
	e.text(p.CountryCode)
	e.time(p.BoundAt)
	return t.ring.Seal(e, phoneRecord(userID))
}

func (t *tx) openPhone(sealed []byte, userID string) (*store.Phone, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	b, err := t.ring.Open(sealed, phoneRecord(userID))
	if err != nil {
		return nil, fmt.Errorf("%w: phone number: %w", store.ErrDamaged, err)
	}
	d := openRecord(b)
	p := store.Phone{Number: d.text(), PureNumber: d.text(), CountryCode: d.text()}
	if d.version > 1 {
		p.BoundAt = d.time()
	}
	return &p, d.err("phone number")
}
