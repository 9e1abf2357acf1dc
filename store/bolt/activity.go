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

// countLogin counts a login in the figures of the day.
func (t *tx) countLogin(user *store.User, in store.Login, isNew, isNewInApp bool) error {
	day := store.DayOf(t.now, t.options.TimeZone)
	first, firstInApp := user.MarkActive(in.AppID, in.OpenID, day)
	return t.addActivity(day, in.AppID,
		store.Activity{NewUsers: one(isNew), ActiveUsers: one(first), Logins: 1},
		store.Activity{NewUsers: one(isNewInApp), ActiveUsers: one(firstInApp), Logins: 1},
	)
}

// countActive counts a user who refreshes, once a day.
func (t *tx) countActive(user *store.User, appID, openID string) error {
	day := store.DayOf(t.now, t.options.TimeZone)
	before := slices.Clone(user.Identities)
	first, firstInApp := user.MarkActive(appID, openID, day)
	if slices.Equal(before, user.Identities) {
		return nil
	}
	return errors.Join(
		t.writeUser(*user), // no index holds the day
		t.addActivity(day, appID, store.Activity{ActiveUsers: one(first)}, store.Activity{ActiveUsers: one(firstInApp)}),
	)
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
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
