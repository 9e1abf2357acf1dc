package main_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"menshen/store"
	"menshen/token"
)

// register is what was acknowledged: nothing is written down before its answer came.
type register struct {
	mu      sync.Mutex
	entries []*entry
}

// entry is a login, with the newest tokens of its session.
type entry struct {
	pair
	openID string
	lost   bool // the session, since no refresh was answered within the grace
}

func (r *register) add(e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, e)
}

func (r *register) renew(e *entry, tokens pair) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.pair = tokens
}

func (r *register) lose(e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.lost = true
}

// missing names what a server of the database lacks.
func (r *register) missing(ctx context.Context, db *sql.DB) (missing []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held, err := readContents(ctx, db)
	if err != nil {
		return nil, err
	}
	logins := map[string]int64{}
	for _, e := range r.entries {
		logins[e.User.ID]++
		if lack := held.lack(e); lack != "" {
			missing = append(missing, lack)
		}
	}
	for user, n := range logins {
		if held.logins[user] < n { // more is right: one that was not answered may count
			missing = append(missing, fmt.Sprintf("%d of %d logins of %s", n-held.logins[user], n, user))
		}
	}
	return missing, nil
}

// contents are what a server of the database has. Users are ids as clients see them.
type contents struct {
	logins     map[string]int64    // how many, by user
	identities map[string]string   // users by OpenID
	sessions   map[[32]byte]string // users by the hash of the refresh token that works next
}

func readContents(ctx context.Context, db *sql.DB) (h contents, err error) {
	h = contents{map[string]int64{}, map[string]string{}, map[[32]byte]string{}}
	for _, table := range []struct {
		query string
		keep  func(user string, key []byte, n int64)
	}{
		{"SELECT id, '', login_count FROM users", func(user string, _ []byte, n int64) { h.logins[user] = n }},
		{"SELECT user_id, open_id, 0 FROM identities", func(user string, openID []byte, _ int64) { h.identities[string(openID)] = user }},
		{"SELECT user_id, refresh_hash, 0 FROM sessions", func(user string, hash []byte, _ int64) { h.sessions[[32]byte(hash)] = user }},
	} {
		if err := eachRow(ctx, db, table.query, table.keep); err != nil {
			return contents{}, err
		}
	}
	return h, nil
}

func eachRow(ctx context.Context, db *sql.DB, query string, keep func(user string, key []byte, n int64)) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, key []byte
		var n int64
		if err := rows.Scan(&id, &key, &n); err != nil {
			return err
		}
		keep(store.RawID(id).Text(store.UserPrefix), key, n)
	}
	return rows.Err()
}

// lack names what is not there of an entry; "" when all is. The session must be at
// the refresh that was answered last.
func (h contents) lack(e *entry) string {
	switch id := e.User.ID; {
	case h.logins[id] == 0:
		return "the user " + id
	case h.identities[e.openID] != id:
		return "the identity of " + id
	case !e.lost && h.sessions[token.HashRefresh(e.RefreshToken)] != id:
		return "a session of " + id
	}
	return ""
}
