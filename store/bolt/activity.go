package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"menshen/store"
)

// Activity returns the figures of each day from the first to the last.
func (s *Store) Activity(ctx context.Context, from, to store.Day, appID string) (rows []store.Activity, err error) {
	err = s.view(ctx, "activity", func(t *tx) error {
		rows = nil
		for day := from; day <= to; day++ {
			row, err := t.activity(day, appID)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		return nil
	})
	return rows, err
}

// countLogin counts a login in the figures of the day and returns the user with
// that day noted.
func (t *tx) countLogin(user store.User, in store.Login, isNew, isNewInApp bool) (store.User, error) {
	day := store.DayOf(t.now, t.options.TimeZone)
	user, first, firstInApp := user.ActiveWith(in.AppID, in.OpenID, day)
	return user, t.addActivity(day, in.AppID,
		store.Activity{NewUsers: bit(isNew), ActiveUsers: bit(first), Logins: 1},
		store.Activity{NewUsers: bit(isNewInApp), ActiveUsers: bit(firstInApp), Logins: 1},
	)
}

// countActive counts a user who refreshes, once a day.
func (t *tx) countActive(before store.User, appID, openID string) (store.User, error) {
	day := store.DayOf(t.now, t.options.TimeZone)
	user, first, firstInApp := before.ActiveWith(appID, openID, day)
	if slices.Equal(before.Identities, user.Identities) {
		return user, nil
	}
	return user, errors.Join(
		t.writeUser(user), // no index holds the day
		t.addActivity(day, appID, store.Activity{ActiveUsers: bit(first)}, store.Activity{ActiveUsers: bit(firstInApp)}),
	)
}

func (t *tx) addActivity(day store.Day, appID string, all, inApp store.Activity) error {
	if err := t.addActivityOf(day, "", all); err != nil {
		return err
	}
	return t.addActivityOf(day, appID, inApp)
}

func (t *tx) addActivityOf(day store.Day, appID string, more store.Activity) error {
	sum, err := t.activity(day, appID)
	if err != nil {
		return err
	}
	sum = sum.Add(more)
	e := newRecord(16)
	e.uint(uint64(sum.NewUsers))
	e.uint(uint64(sum.ActiveUsers))
	e.uint(uint64(sum.Logins))
	return t.put(bucketActivity, activityKey(day, appID), e)
}

func (t *tx) activity(day store.Day, appID string) (store.Activity, error) {
	b := t.get(bucketActivity, activityKey(day, appID))
	if b == nil {
		return store.Activity{Day: day}, nil
	}
	d := openRecord(b)
	row := store.Activity{Day: day, NewUsers: int(d.uint()), ActiveUsers: int(d.uint()), Logins: int(d.uint())}
	return row, d.err("activity")
}

func activityKey(day store.Day, appID string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(day)), appID...)
}

func splitActivityKey(key []byte) (day store.Day, appID string, ok bool) {
	if len(key) < 4 {
		return 0, "", false
	}
	return store.Day(binary.BigEndian.Uint32(key)), string(key[4:]), true
}
