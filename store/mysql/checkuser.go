package mysql

import (
	"bytes"
	"database/sql"
	"errors"

	"menshen/store"
)

// checkedUser is what stands beside a user in the row and is made of them, or is
// counted of what names them.
type checkedUser struct {
	id               store.RawID
	damaged, blocked bool
	nickName, lookup []byte
	formerIDs        int // that name the user
	unionIDs         int
	places           []int64
}

// checkUsers reads some users at a time, each with their identities.
func (c *checker) checkUsers() error {
	last := []byte{}
	for {
		rows, found, err := c.usersBehind(last)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			c.found.Users++
			if row.damaged {
				c.tell("users: %s does not read", row.id.Text(store.UserPrefix))
				continue
			}
			c.checkUser(row, found[0])
			found = found[1:]
		}
		last = rows[len(rows)-1].id[:]
	}
}

// usersBehind reads the users behind an id; found are those who read.
func (c *checker) usersBehind(id []byte) (rows []checkedUser, found []store.User, err error) {
	all := &userRows{t: c.tx}
	err = c.read(c.ctx, ask(func(r *sql.Rows) error {
		var row checkedUser
		var place sql.NullInt64
		err := all.scan(r, rawID{&row.id}, &row.blocked, &row.nickName, &row.lookup, &row.formerIDs, &row.unionIDs, &place)
		if n := len(rows); n == 0 || rows[n-1].id != row.id {
			rows = append(rows, row)
		}
		same := &rows[len(rows)-1]
		if place.Valid {
			same.places = append(same.places, place.Int64)
		}
		if errors.Is(err, store.ErrDamaged) {
			same.damaged, err = true, nil
		}
		return err
	}, "SELECT u.id, u.blocked, u.folded_nick_name, u.phone_lookup, "+
		"(SELECT COUNT(*) FROM former_ids f WHERE f.user_id = u.id), (SELECT COUNT(*) FROM union_ids n WHERE n.user_id = u.id), i.place, "+
		userColumns+" FROM (SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ?) p STRAIGHT_JOIN users u ON u.id = p.id "+
		"LEFT JOIN identities i ON i.user_id = u.id ORDER BY u.id, i.place", id, checkedAtOnce))
	return rows, all.all, err
}

func (c *checker) checkUser(row checkedUser, user store.User) {
	if !row.id.Time().Equal(user.CreatedAt) {
		c.tell("users: %s was not made when the id says", user.ID)
	}
	if row.blocked != user.Blocked() {
		c.tell("users: blocked of %s does not go with the rest", user.ID)
	}
	if string(row.nickName) != store.FoldNickName(user.Profile.NickName) {
		c.tell("users: folded_nick_name of %s does not go with the rest", user.ID)
	}
	hidden, err := c.phoneLookup(user.Phone)
	if lookup, _ := hidden.([]byte); err != nil || !bytes.Equal(row.lookup, lookup) {
		c.tell("users: phone_lookup of %s does not go with the rest", user.ID)
	}
	c.checkNames(row, user)
	c.checkPlaces(row.places, user)
	for _, facet := range user.Facets() {
		c.counters[facet]++
	}
	c.noteActive(user)
}

// checkNames expects as many rows that name a user as the record has names.
func (c *checker) checkNames(row checkedUser, user store.User) {
	if row.formerIDs != len(user.FormerIDs) {
		c.tell("former_ids: %d name %s, the record has %d", row.formerIDs, user.ID, len(user.FormerIDs))
	}
	if row.unionIDs != len(user.UnionIDs()) {
		c.tell("union_ids: %d name %s, the record has %d", row.unionIDs, user.ID, len(user.UnionIDs()))
	}
}

// checkPlaces expects identities, numbered in their order.
func (c *checker) checkPlaces(places []int64, user store.User) {
	if len(user.Identities) == 0 {
		c.tell("users: %s has no identity", user.ID)
	}
	for want, place := range places {
		if place != int64(want) {
			c.tell("identities: one of %s has place %d, the next is %d", user.ID, place, want)
			return
		}
	}
}

// noteActive counts the user on the last day on which they were active, of each app
// and of all. On an earlier day they may have been counted under a clock that was set
// back since.
func (c *checker) noteActive(user store.User) {
	last := map[string]store.Day{}
	for _, i := range user.Identities {
		last[""] = max(last[""], i.ActiveOn)
		last[i.AppID] = max(last[i.AppID], i.ActiveOn)
	}
	for appID, day := range last {
		if day > 0 { // version 1 of the file, which may have been migrated, did not write it down
			c.active[figureKey{day, appID}]++
		}
	}
}
