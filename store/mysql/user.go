package mysql

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"

	"menshen/store"
)

// userColumns are what userRows.scan reads, of users u.
const userColumns = "u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, " +
	"u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, " +
	"u.phone, u.created_at, u.last_login_at, u.login_count, " +
	"i.app_id, i.open_id, i.linked_at, i.active_on"

// userRows are users as they are read: a row for each identity, those of one user
// beside each other.
type userRows struct {
	t   *tx
	all []store.User
}

// fromUsers completes a SELECT of userColumns.
const fromUsers = " FROM users u LEFT JOIN identities i ON i.user_id = u.id "

// byPlace is the order of the identities of one user.
const byPlace = " ORDER BY i.place"

// scan reads one row, behind columns that stand before those of the user.
func (r *userRows) scan(rows *sql.Rows, before ...any) error {
	var u store.User
	var formerIDs, earlier, phone []byte
	var admin bool
	var appID, openID store.Optional
	var linkedAt, activeOn sql.NullInt64
	err := rows.Scan(append(before,
		idText{store.UserPrefix, &u.ID}, &formerIDs, &admin, instant{&u.BlockedAt}, optional{&u.BlockedReason}, optional{&u.UnionID}, &earlier,
		optional{&u.Profile.NickName}, optional{&u.Profile.AvatarURL}, &u.Profile.Gender, optional{&u.Profile.Language},
		optional{&u.Profile.City}, optional{&u.Profile.Province}, optional{&u.Profile.Country}, instant{&u.Profile.UpdatedAt},
		&phone, instant{&u.CreatedAt}, instant{&u.LastLoginAt}, &u.LoginCount,
		optional{&appID}, optional{&openID}, &linkedAt, &activeOn)...)
	if err != nil {
		return err
	}
	if n := len(r.all); n == 0 || r.all[n-1].ID != u.ID {
		if err := r.complete(&u, formerIDs, earlier, phone, admin); err != nil {
			return err
		}
		r.all = append(r.all, u)
	}
	if linkedAt.Valid {
		identity := store.Identity{AppID: string(appID), OpenID: string(openID), ActiveOn: store.Day(activeOn.Int64)}
		if err := (instant{&identity.LinkedAt}).Scan(linkedAt.Int64); err != nil {
			return err
		}
		last := &r.all[len(r.all)-1]
		last.Identities = append(last.Identities, identity)
	}
	return nil
}

// complete fills what is kept packed or sealed.
func (r *userRows) complete(u *store.User, formerIDs, earlier, phone []byte, admin bool) (err error) {
	u.Role = store.RoleUser
	if admin {
		u.Role = store.RoleAdmin
	}
	u.Identities = []store.Identity{}
	if u.FormerIDs, err = unpackIDs(formerIDs); err != nil {
		return err
	}
	if u.EarlierUnionIDs, err = unpackTexts(earlier); err != nil {
		return err
	}
	u.Phone, err = r.t.openPhone(phone, u.ID)
	return err
}

// one is the user that was read. store.ErrNotFound.
func (r *userRows) one() (store.User, error) {
	if len(r.all) == 0 {
		return store.User{}, store.ErrNotFound
	}
	return r.all[0], nil
}

// readUser reads the user that a condition names.
func (t *tx) readUser(ctx context.Context, where string, args ...any) (store.User, error) {
	return t.readUserAfter(ctx, nil, where, args...)
}

// readUserAfter is readUser behind other queries, in one round trip.
func (t *tx) readUserAfter(ctx context.Context, first []query, where string, args ...any) (store.User, error) {
	found := &userRows{t: t}
	err := t.read(ctx, append(first, ask(func(rows *sql.Rows) error { return found.scan(rows) },
		"SELECT "+userColumns+fromUsers+"WHERE "+where+byPlace+t.forUpdate(), args...))...)
	if err != nil {
		return store.User{}, err
	}
	return found.one()
}

// survivor is a condition for the user whom an id names by now: twice the argument.
const survivor = "u.id = COALESCE((SELECT user_id FROM former_ids WHERE id = ?), ?) "

// user reads the user with an id, or the one that this user has become.
func (t *tx) user(ctx context.Context, id string) (store.User, error) {
	raw, ok := store.ParseID(store.UserPrefix, id)
	switch {
	case !ok:
		return store.User{}, store.ErrNotFound
	case t.writing:
		return t.lockedUser(ctx, raw)
	}
	return t.readUser(ctx, survivor, raw[:], raw[:])
}

// maxMerges is how many merges may end, one after the other, while a transaction waits
// for the user that an id names.
const maxMerges = 5

// lockedUser waits for whoever makes the user another: only then does the database look
// whom the id names. Whom it names may be made another in their turn meanwhile; then
// nobody is found, and the next statement knows better.
func (t *tx) lockedUser(ctx context.Context, id store.RawID) (store.User, error) {
	for range maxMerges {
		merger := lock("SELECT 1 FROM users WHERE id = ? FOR UPDATE", id[:])
		user, err := t.readUserAfter(ctx, []query{merger}, survivor, id[:], id[:])
		if !errors.Is(err, store.ErrNotFound) {
			return user, err
		}
		merged := false
		err = t.read(ctx, ask(func(*sql.Rows) error { merged = true; return nil }, "SELECT 1 FROM former_ids WHERE id = ?", id[:]))
		if err != nil || !merged {
			return user, cmp.Or(err, store.ErrNotFound)
		}
	}
	return store.User{}, dangling("user")
}

// saveUser puts a user as they are after a change, with what finds them, and counts
// them in their facets. A nil before is a new user, a nil after one who goes; their
// identities are put by those who link them, move them and drop them.
func (t *tx) saveUser(before, after *store.User) error {
	t.countFacets(before, after)
	var old, fresh store.User
	if before != nil {
		old = *before
	}
	if after != nil {
		fresh = *after
	}
	t.saveNames("former_ids", "id", idsAsBytes(old.FormerIDs), idsAsBytes(fresh.FormerIDs), fresh.ID)
	t.saveNames("union_ids", "union_id", textsAsBytes(old.UnionIDs()), textsAsBytes(fresh.UnionIDs()), fresh.ID)
	if after == nil {
		t.write("DELETE FROM users WHERE id = ?", rawUser(before.ID))
		return nil
	}
	t.saveIdentities(old, fresh)
	return t.putUser(fresh, before == nil)
}

// saveNames puts the rows of a table that name a user, and takes away those that no
// longer do.
func (t *tx) saveNames(table, column string, old, fresh [][]byte, userID string) {
	for _, name := range old {
		if !containsBytes(fresh, name) {
			t.write("DELETE FROM "+table+" WHERE "+column+" = ?", name)
		}
	}
	for _, name := range fresh {
		if !containsBytes(old, name) {
			t.write("INSERT INTO "+table+" ("+column+", user_id) VALUES (?, ?)", name, rawUser(userID))
		}
	}
}

// writtenColumns are those of users but for the id.
var writtenColumns = []string{
	"former_ids", "admin", "blocked", "blocked_at", "blocked_reason", "union_id", "earlier_union_ids",
	"nick_name", "avatar_url", "gender", "language", "city", "province", "country", "profile_updated_at",
	"phone", "created_at", "last_login_at", "login_count", "folded_nick_name", "phone_lookup",
}

var (
	insertUser = "INSERT INTO users (" + strings.Join(writtenColumns, ", ") + ", id) VALUES (" + placeholders(len(writtenColumns)+1) + ")"
	updateUser = "UPDATE users SET " + strings.Join(writtenColumns, " = ?, ") + " = ? WHERE id = ?"
)

// putUser writes the row of a user.
func (t *tx) putUser(u store.User, isNew bool) error {
	sealed, err := t.sealPhone(u.Phone, u.ID)
	if err != nil {
		return err
	}
	lookup, err := t.phoneLookup(u.Phone)
	if err != nil {
		return err
	}
	p := u.Profile
	statement := updateUser
	if isNew {
		statement = insertUser
	}
	t.write(statement, packIDs(u.FormerIDs), u.Role == store.RoleAdmin, u.Blocked(), ms(u.BlockedAt), text(u.BlockedReason),
		bytesOf(string(u.UnionID)), packTexts(u.EarlierUnionIDs),
		text(p.NickName), text(p.AvatarURL), int(p.Gender), text(p.Language), text(p.City), text(p.Province), text(p.Country), ms(p.UpdatedAt),
		sealed, ms(u.CreatedAt), ms(u.LastLoginAt), u.LoginCount, bytesOf(store.FoldNickName(p.NickName)), lookup, rawUser(u.ID))
	return nil
}
