package mysql

import (
	"context"
	"database/sql"
	"slices"

	"menshen/store"
)

// Activity returns the figures of each day from the first to the last.
func (s *Store) Activity(ctx context.Context, from, to store.Day, appID string) (rows []store.Activity, err error) {
	err = s.view(ctx, "activity", func(ctx context.Context, t *tx) error {
		rows = nil
		for day := from; day <= to; day++ {
			rows = append(rows, store.Activity{Day: day})
		}
		return t.read(ctx, ask(func(sums *sql.Rows) error {
			var row store.Activity
			err := sums.Scan(&row.Day, &row.NewUsers, &row.ActiveUsers, &row.Logins)
			rows[row.Day-from] = row
			return err
		}, "SELECT day, "+figureSums+" FROM activity WHERE app_id = ? AND day BETWEEN ? AND ? GROUP BY day", []byte(appID), int(from), int(to)))
	})
	return rows, err
}

// figureSums are the figures of a day, in the order of store.Activity.
const figureSums = "CAST(SUM(new_users) AS SIGNED), CAST(SUM(active_users) AS SIGNED), CAST(SUM(logins) AS SIGNED)"

// countLogin notes a login in the figures of the day.
func (t *tx) countLogin(user store.User, in store.Login, isNew, isNewInApp bool) store.User {
	day := store.DayOf(t.now, t.options.TimeZone)
	user, first, firstInApp := user.ActiveWith(in.AppID, in.OpenID, day)
	t.addActivity(day, in.AppID,
		store.Activity{NewUsers: bit(isNew), ActiveUsers: bit(first), Logins: 1},
		store.Activity{NewUsers: bit(isNewInApp), ActiveUsers: bit(firstInApp), Logins: 1},
	)
	return user
}

// countActive notes that an identity was used on the day, if that is news.
func (t *tx) countActive(before store.User, appID, openID string) store.User {
	day := store.DayOf(t.now, t.options.TimeZone)
	user, first, firstInApp := before.ActiveWith(appID, openID, day)
	if slices.Equal(before.Identities, user.Identities) {
		return user
	}
	t.saveIdentities(before, user)
	t.addActivity(day, appID, store.Activity{ActiveUsers: bit(first)}, store.Activity{ActiveUsers: bit(firstInApp)})
	return user
}
