package mysql

import (
	"database/sql"
	"errors"
	"slices"

	"menshen/store"
)

// named is a user whom a row of another table names, as the row is joined with them.
type named struct {
	id    store.RawID
	there bool
}

// checkNamed expects the user to be there and to have what names them.
func (c *checker) checkNamed(table string, user named, has bool) {
	id := user.id.Text(store.UserPrefix)
	switch {
	case !user.there:
		c.tell("%s: one names %s, who is not there", table, id)
	case !has:
		c.tell("%s: one names %s, who does not have it", table, id)
	}
}

func (c *checker) checkFormerIDs() error {
	last := []any{[]byte{}}
	return c.batches("SELECT f.id, f.user_id, u.id IS NOT NULL, u.former_ids, v.id IS NOT NULL FROM former_ids f "+
		"LEFT JOIN users u ON u.id = f.user_id LEFT JOIN users v ON v.id = f.id WHERE f.id > ? ORDER BY f.id", last,
		func(rows *sql.Rows) error {
			var id store.RawID
			var user named
			var packed []byte
			var living bool
			if err := rows.Scan(rawID{&id}, rawID{&user.id}, &user.there, &packed, &living); err != nil {
				return err
			}
			last[0] = id[:]
			if living {
				c.tell("users: %s is there, and a former id of %s", id.Text(store.UserPrefix), user.id.Text(store.UserPrefix))
			}
			held, _ := unpackIDs(packed) // what does not read is told of the user
			c.checkNamed("former_ids", user, slices.Contains(held, id.Text(store.UserPrefix)))
			return nil
		})
}

func (c *checker) checkUnionIDs() error {
	last := []any{[]byte{}}
	return c.batches("SELECT n.union_id, n.user_id, u.id IS NOT NULL, u.union_id, u.earlier_union_ids FROM union_ids n "+
		"LEFT JOIN users u ON u.id = n.user_id WHERE n.union_id > ? ORDER BY n.union_id", last,
		func(rows *sql.Rows) error {
			var unionID, earlier []byte
			var user named
			var held store.User
			if err := rows.Scan(&unionID, rawID{&user.id}, &user.there, optional{&held.UnionID}, &earlier); err != nil {
				return err
			}
			last[0] = unionID
			held.EarlierUnionIDs, _ = unpackTexts(earlier)
			c.checkNamed("union_ids", user, slices.Contains(held.UnionIDs(), string(unionID)))
			return nil
		})
}

// checkIdentities looks at what no user's own check can: identities of nobody, and
// what is sealed.
func (c *checker) checkIdentities() error {
	last := []any{[]byte{}, []byte{}, []byte{}}
	return c.batches("SELECT i.app_id, i.open_id, i.user_id, u.id IS NOT NULL, i.session_keys, i.keys_end FROM identities i "+
		"LEFT JOIN users u ON u.id = i.user_id WHERE i.app_id = ? AND i.open_id > ? OR i.app_id > ? ORDER BY i.app_id, i.open_id", last,
		func(rows *sql.Rows) error {
			var appID, openID, sealed []byte
			var user named
			var end sql.NullInt64
			if err := rows.Scan(&appID, &openID, rawID{&user.id}, &user.there, &sealed, &end); err != nil {
				return err
			}
			last[0], last[1], last[2] = appID, openID, appID
			c.found.Identities++
			c.checkNamed("identities", user, true)
			c.checkSessionKeys(string(appID), string(openID), user.id.Text(store.UserPrefix), sealed, end)
			return nil
		})
}

func (c *checker) checkSessionKeys(appID, openID, userID string, sealed []byte, end sql.NullInt64) {
	keys, err := c.openSessionKeys(sealed, appID, openID)
	want, replaced := keysEnd(keys).(int64)
	switch {
	case errors.Is(err, store.ErrDamaged):
		c.tell("identities: the session_keys of one of %s do not read", userID)
	case !slices.IsSortedFunc(keys, func(a, b store.SessionKey) int { return b.GivenAt.Compare(a.GivenAt) }):
		c.tell("identities: the session_keys of one of %s are out of order", userID)
	case end != sql.NullInt64{Int64: want, Valid: replaced}:
		c.tell("identities: keys_end of one of %s does not go with its session_keys", userID)
	}
}
