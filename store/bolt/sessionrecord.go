package bolt

import (
	"time"

	"menshen/store"
)

func byUser(user, session store.RawID) []byte { return append(user[:], session[:]...) }

func byEnd(end time.Time, session store.RawID) []byte {
	return at(end, session[:])
}

func encodeSession(s store.Session) []byte {
	user := rawUser(s.UserID)
	e := newRecord(256)
	e.raw(user[:])
	e.text(s.AppID)
	e.text(s.OpenID)
	e.time(s.CreatedAt)
	e.time(s.LastUsedAt)
	e.time(s.ExpiresAt)
	e.optional(s.UserAgent)
	e.optional(s.IPAddress)
	e.refreshToken(s.Refresh)
	e.uint(uint64(len(s.Recent)))
	for _, t := range s.Recent {
		e.refreshToken(t)
	}
	e.flag(s.Blocked)
	return e
}

func decodeSession(raw store.RawID, b []byte) (store.Session, error) {
	d := openRecord(b)
	user := d.id()
	s := store.Session{
		ID: raw.Text(store.SessionPrefix), UserID: user.Text(store.UserPrefix),
		AppID: d.text(), OpenID: d.text(),
		CreatedAt: d.time(), LastUsedAt: d.time(), ExpiresAt: d.time(),
		UserAgent: d.optional(), IPAddress: d.optional(),
		Refresh: d.refreshToken(),
	}
	for range d.count() {
		s.Recent = append(s.Recent, d.refreshToken())
	}
	if d.version > 1 {
		s.Blocked = d.flag()
	}
	return s, d.err("session")
}

func (e *encoder) refreshToken(t store.RefreshToken) {
	e.uint(uint64(t.Generation))
	e.uint(uint64(t.KeyID))
	e.raw(t.Hash[:])
	e.time(t.IssuedAt)
}

func (d *decoder) refreshToken() store.RefreshToken {
	t := store.RefreshToken{Generation: uint32(d.uint()), KeyID: uint32(d.uint())}
	copy(t.Hash[:], d.raw(len(t.Hash)))
	t.IssuedAt = d.time()
	return t
}
