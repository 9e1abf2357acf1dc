package mysql

import (
	"database/sql"
	"maps"
	"slices"

	"menshen/store"
)

// checkFigures expects the figures of a day to agree: those of the apps among
// themselves, and with the users.
func (c *checker) checkFigures() error {
	days, apps := map[store.Day]store.Activity{}, map[store.Day]store.Activity{}
	err := c.read(c.ctx, ask(func(rows *sql.Rows) error {
		var appID string
		var row store.Activity
		if err := rows.Scan(&appID, &row.Day, &row.NewUsers, &row.ActiveUsers, &row.Logins); err != nil {
			return err
		}
		c.checkActive(row, appID)
		if appID == "" {
			days[row.Day] = row
		} else {
			apps[row.Day] = apps[row.Day].Add(row)
		}
		return nil
	}, "SELECT app_id, day, "+figureSums+" FROM activity GROUP BY day, app_id ORDER BY day, app_id"))
	if err != nil {
		return err
	}
	for _, key := range slices.SortedFunc(maps.Keys(c.active), figureKey.compare) {
		c.tell("activity: users were active on %s, and there are no figures of it", key.day)
	}
	c.compareDays(days, apps)
	return nil
}

// compareDays expects the figures of all, each day, to go with the sum of the apps.
func (c *checker) compareDays(days, apps map[store.Day]store.Activity) {
	for _, day := range slices.Sorted(maps.Keys(apps)) {
		if _, ok := days[day]; !ok {
			c.tell("activity: %s has figures of an app and none of all", day)
		}
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		all, sum := days[day], apps[day]
		if all.Logins != sum.Logins || all.NewUsers > sum.NewUsers || all.ActiveUsers > sum.ActiveUsers {
			c.tell("activity: the figures of %s are not those of its apps", day)
		}
	}
}

// checkActive expects no fewer active users than those whose last day it was.
func (c *checker) checkActive(row store.Activity, appID string) {
	key := figureKey{row.Day, appID}
	if row.ActiveUsers < c.active[key] {
		c.tell("activity: of %s %d active users were counted, there are %d", row.Day, row.ActiveUsers, c.active[key])
	}
	delete(c.active, key)
}
