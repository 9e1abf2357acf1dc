package mysql

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"menshen/store"
)

// The names of the counters that are no facet's.
const (
	countSessions = "sessions" // not yet ended
	countEvents   = "events"
)

// slots is how many rows share a figure. Logins at the same time would wait for each
// other if there were one; the sum over the slots is the figure. While instances
// disagree which node of a Galera cluster to write to, transactions on two nodes do not
// wait for each other, one of them fails: so the nodes take theirs from four different
// lots. The offset is a node's number in the cluster, which Galera sets, and 1 elsewhere.
const (
	slots    = 32
	thisSlot = "@@auto_increment_offset % 4 * 32 + ?"
)

// figureKey names a row of activity but for its slot; AppID is "" for all apps.
type figureKey struct {
	day   store.Day
	appID string
}

// addActivity adds to the figures of a day, of all apps and of one.
func (t *tx) addActivity(day store.Day, appID string, all, inApp store.Activity) {
	if t.figures == nil {
		t.figures = map[figureKey]store.Activity{}
	}
	for key, more := range map[figureKey]store.Activity{{day, ""}: all, {day, appID}: inApp} {
		t.figures[key] = t.figures[key].Add(more)
	}
}

// sums are the statements that add what was counted. They stand last in the packet,
// so that a slot is locked for as short as can be, and in one order, so that no two
// transactions wait for each other in a circle.
func (t *tx) sums() (all []statement) {
	slot := rand.N(slots)
	maps.DeleteFunc(t.counters, func(_ string, more int) bool { return more == 0 })
	if len(t.counters) > 0 {
		s := statement{text: "INSERT INTO counters (name, slot, n) VALUES " + rowsOf(len(t.counters), "(?, "+thisSlot+", ?)") +
			" ON DUPLICATE KEY UPDATE n = n + VALUES(n)"}
		for _, name := range slices.Sorted(maps.Keys(t.counters)) {
			s.args = append(s.args, []byte(name), slot, t.counters[name])
		}
		all = append(all, s)
	}
	if len(t.figures) > 0 {
		s := statement{text: "INSERT INTO activity (day, app_id, slot, new_users, active_users, logins) VALUES " + rowsOf(len(t.figures), "(?, ?, "+thisSlot+", ?, ?, ?)") +
			" ON DUPLICATE KEY UPDATE new_users = new_users + VALUES(new_users), active_users = active_users + VALUES(active_users), logins = logins + VALUES(logins)"}
		for _, key := range slices.SortedFunc(maps.Keys(t.figures), figureKey.compare) {
			f := t.figures[key]
			s.args = append(s.args, key.day, []byte(key.appID), slot, f.NewUsers, f.ActiveUsers, f.Logins)
		}
		all = append(all, s)
	}
	return all
}

func (k figureKey) compare(other figureKey) int {
	if k.day != other.day {
		return int(k.day) - int(other.day)
	}
	return strings.Compare(k.appID, other.appID)
}

// rowsOf are n rows of an INSERT.
func rowsOf(n int, row string) string {
	return strings.Repeat(row+", ", n-1) + row
}

// placeholders are n of them, at least one.
func placeholders(n int) string { return strings.Repeat("?, ", n-1) + "?" }
