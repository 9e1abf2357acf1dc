package mysql

import (
	"database/sql"
	"encoding/binary"
	"fmt"

	"menshen/store"
)

// sessionColumns are what scanSession reads, of sessions s.
const sessionColumns = "s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, " +
	"s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh"

// sessionRow is where sessionColumns are read to.
type sessionRow struct {
	store.Session
	appID, openID store.Optional
	recent        []byte
}

func (r *sessionRow) into() []any {
	s := &r.Session
	return []any{
		idText{store.SessionPrefix, &s.ID}, idText{store.UserPrefix, &s.UserID}, optional{&r.appID}, optional{&r.openID},
		instant{&s.CreatedAt}, instant{&s.LastUsedAt}, instant{&s.ExpiresAt}, optional{&s.UserAgent}, optional{&s.IPAddress}, &s.Blocked,
		&s.Refresh.Generation, &s.Refresh.KeyID, hash{&s.Refresh.Hash}, instant{&s.Refresh.IssuedAt}, &r.recent,
	}
}

// session completes what was read.
func (r *sessionRow) session() (s store.Session, err error) {
	s = r.Session
	s.AppID, s.OpenID = string(r.appID), string(r.openID)
	s.Recent, err = unpackTokens(r.recent)
	return s, err
}

func scanSession(rows *sql.Rows) (store.Session, error) {
	var r sessionRow
	if err := rows.Scan(r.into()...); err != nil {
		return store.Session{}, err
	}
	return r.session()
}

// insertSession writes a new session and counts it.
func (t *tx) insertSession(s store.Session) {
	t.write("INSERT INTO sessions (user_id, app_id, open_id, created_at, last_used_at, expires_at, user_agent, ip_address, blocked, "+
		"refresh_generation, refresh_key_id, refresh_hash, refresh_issued_at, recent_refresh, id) VALUES ("+placeholders(15)+")", sessionValues(s)...)
	t.count(countSessions, bit(!s.Blocked))
}

// putSession writes a session that is there.
func (t *tx) putSession(s store.Session) {
	t.write("UPDATE sessions SET user_id = ?, app_id = ?, open_id = ?, created_at = ?, last_used_at = ?, expires_at = ?, user_agent = ?, ip_address = ?, blocked = ?, "+
		"refresh_generation = ?, refresh_key_id = ?, refresh_hash = ?, refresh_issued_at = ?, recent_refresh = ? WHERE id = ?", sessionValues(s)...)
}

func sessionValues(s store.Session) []any {
	return []any{
		rawUser(s.UserID), []byte(s.AppID), []byte(s.OpenID), ms(s.CreatedAt), ms(s.LastUsedAt), ms(s.ExpiresAt), text(s.UserAgent), text(s.IPAddress), s.Blocked,
		s.Refresh.Generation, s.Refresh.KeyID, s.Refresh.Hash[:], ms(s.Refresh.IssuedAt), packTokens(s.Recent), rawSession(s.ID),
	}
}

// dropSession removes a session that was read, and the tickets that it claimed.
func (t *tx) dropSession(s store.Session) {
	t.write("DELETE FROM sessions WHERE id = ?", rawSession(s.ID))
	t.write("DELETE FROM scan_logins WHERE session_id = ?", rawSession(s.ID))
	t.count(countSessions, -bit(!s.Blocked))
}

// packedToken is a refresh token in a list of them: 48 bytes.
type packedToken struct {
	Generation, KeyID uint32
	Hash              [32]byte
	IssuedAt          int64
}

func packTokens(tokens []store.RefreshToken) []byte {
	packed := make([]packedToken, len(tokens))
	for i, t := range tokens {
		packed[i] = packedToken{t.Generation, t.KeyID, t.Hash, ms(t.IssuedAt)}
	}
	b, _ := binary.Append([]byte{}, binary.BigEndian, packed) // of fixed size
	return b
}

func unpackTokens(b []byte) (tokens []store.RefreshToken, err error) {
	packed := make([]packedToken, len(b)/binary.Size(packedToken{}))
	if n, err := binary.Decode(b, binary.BigEndian, packed); err != nil || n != len(b) {
		return nil, fmt.Errorf("%w: refresh tokens", store.ErrDamaged)
	}
	for _, p := range packed {
		t := store.RefreshToken{Generation: p.Generation, KeyID: p.KeyID, Hash: p.Hash}
		if err := (instant{&t.IssuedAt}).Scan(p.IssuedAt); err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}
