package bolt

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"menshen/store"
)

// breakage is something in a file that should not be so, and what Check says of
// it. USER, SESSION and TICKET stand for ids of alice's.
type breakage struct {
	name    string
	breakIt func(t *tx, alice store.LoggedIn) error
	says    string
}

// changed rewrites the first value of a bucket under a prefix.
func changed(bucket []byte, prefix string, change func(value []byte) []byte) func(*tx, store.LoggedIn) error {
	return func(t *tx, _ store.LoggedIn) error {
		k, v := t.Bucket(bucket).Cursor().Seek([]byte(prefix))
		return t.put(bucket, bytes.Clone(k), change(bytes.Clone(v)))
	}
}

// added puts an entry that should not be there.
func added(bucket []byte, key string) func(*tx, store.LoggedIn) error {
	return func(t *tx, _ store.LoggedIn) error { return t.put(bucket, []byte(key), nil) }
}

// written puts alice's record alone, after a change.
func written(change func(*store.User)) func(*tx, store.LoggedIn) error {
	return func(t *tx, alice store.LoggedIn) error {
		user := alice.User
		change(&user)
		return t.writeUser(user)
	}
}

// session puts alice's session alone, after a change.
func session(change func(*store.Session)) func(*tx, store.LoggedIn) error {
	return func(t *tx, alice store.LoggedIn) error {
		s := alice.Session
		change(&s)
		return t.putSession(s)
	}
}

// claimed puts alice's ticket alone, after a change.
func claimed(change func(*store.ScanLogin)) func(*tx, store.LoggedIn) error {
	return func(t *tx, _ store.LoggedIn) error {
		raw := t.firstOf(bucketScanLogins)
		ticket, err := t.keptScanLogin(raw)
		change(&ticket)
		return errors.Join(err, t.put(bucketScanLogins, raw[:], encodeScanLogin(ticket)))
	}
}

// figures puts what was counted on a day, of an app or, for "", of all.
func figures(day store.Day, appID string, a store.Activity) func(*tx, store.LoggedIn) error {
	return func(t *tx, _ store.LoggedIn) error {
		return errors.Join(t.delete(bucketActivity, activityKey(day, appID)), t.addActivityOf(day, appID, a))
	}
}

func halved(v []byte) []byte { return v[:len(v)/2] }

const (
	aliceIdentity = app + "\x00alice"
	stranger      = "usr_00000000000000000000000000"
)

var breakages = []breakage{
	{"a bucket that is gone", func(t *tx, _ store.LoggedIn) error { return t.DeleteBucket(bucketMessages) },
		"messages: the bucket is missing"},
	{"a bucket of somebody else's", func(t *tx, _ store.LoggedIn) error {
		_, err := t.CreateBucket([]byte("13800138000"))
		return err
	}, "1 buckets are not of a store"},
	{"another ring", changed(bucketMeta, "ring", flipped), "meta: the key ring does not open with the key file"},
	{"a secret that does not open", changed(bucketKeys, "token", flipped), `keys: the secret "token" does not open`},

	{"half a user", func(t *tx, alice store.LoggedIn) error {
		raw := rawUser(alice.User.ID)
		return changed(bucketUsers, string(raw[:]), halved)(t, alice)
	}, "users: USER does not read"},
	{"a user without an id", added(bucketUsers, "alice"), "users: a key of 5 bytes is not an id"},
	{"a user of another time", written(func(u *store.User) { u.CreatedAt = u.CreatedAt.Add(time.Hour) }),
		"users: USER was not made when the id says"},
	{"a user without an identity", written(func(u *store.User) { u.Identities = nil }), "users: USER has no identity"},
	{"a living user who was absorbed", written(func(u *store.User) { u.FormerIDs = append(u.FormerIDs, u.ID) }),
		"users: USER is there, and a former id of USER"},
	{"a role that no counter knows", written(func(u *store.User) { u.Role = store.RoleUser }),
		`facets: "admin" is counted, and nobody is in it`},
	{"a block that no counter knows", written(func(u *store.User) { u.BlockedAt = begin }),
		`facets: the counter "blocked" is 0, there are 1`},
	{"a counter of a facet that does not read", changed(bucketFacets, "users", halved),
		`facets: the counter of "users" does not read`},

	{"an identity that is gone", func(t *tx, _ store.LoggedIn) error {
		return t.delete(bucketIdentities, []byte(aliceIdentity))
	}, "identities: one of USER is missing"},
	{"an identity whose session_keys do not open", changed(bucketIdentities, aliceIdentity, flipped),
		"identities: one of USER does not read"},
	{"session_keys out of order", func(t *tx, _ store.LoggedIn) error {
		who, _, err := t.identity(app, "alice")
		after := identity{who.user, slices.Clone(who.keys)}
		slices.Reverse(after.keys)
		return errors.Join(err, t.putIdentity(app, "alice", who, after))
	}, "identities: the session_keys of one of USER are out of order"},
	{"an identity of nobody", changed(bucketIdentities, aliceIdentity, func([]byte) []byte {
		return append([]byte{recordVersion}, make([]byte, 17)...)
	}), "identities: one names " + stranger + ", who is not there or does not read"},
	{"an identity of somebody else", func(t *tx, alice store.LoggedIn) error {
		who, _, err := t.identity(app, "root")
		return errors.Join(err, t.putIdentity(app, "alice", identity{}, who))
	}, "identities: one of USER names ROOT"},
	{"an identity that its user lacks", written(func(u *store.User) { u.Identities = u.Identities[:1] }),
		"identities: one names USER, who does not have it"},

	{"half a session", func(t *tx, alice store.LoggedIn) error {
		raw := rawSession(alice.Session.ID)
		return changed(bucketSessions, string(raw[:]), halved)(t, alice)
	}, "sessions: SESSION does not read"},
	{"a session without an id", added(bucketSessions, "session"), "sessions: a key of 7 bytes is not an id"},
	{"a session of nobody", session(func(s *store.Session) { s.UserID = stranger }),
		"sessions: SESSION is one of " + stranger + ", who is not there or does not read"},
	{"a session of a foreign identity", session(func(s *store.Session) { s.OpenID = "root" }),
		"sessions: SESSION is of an identity that USER does not have"},
	{"a session of a blocked user", written(func(u *store.User) { u.BlockedAt = begin }),
		"sessions: SESSION goes on, and USER is blocked"},
	{"a session that ends later", session(func(s *store.Session) { s.ExpiresAt = s.ExpiresAt.Add(1e9) }),
		"sessions_by_end: the entry of SESSION is missing or wrong"},
	{"a session that ended uncounted", session(func(s *store.Session) { s.Blocked = true }),
		`meta: the counter "sessions" is 4, there are 3`},

	{"half a ticket", changed(bucketScanLogins, "", halved), "scan_logins: TICKET does not read"},
	{"a ticket without an id", added(bucketScanLogins, "ticket"), "scan_logins: a key of 6 bytes is not an id"},
	{"a ticket in no state that is kept", changed(bucketScanLogins, "", func(v []byte) []byte {
		v[1+1+len(app)+32] = byte(len(statusesKept)) // behind the version, the AppID and the hash
		return v
	}), "scan_logins: TICKET does not read"},
	{"a ticket that nobody scanned", claimed(func(l *store.ScanLogin) { l.SessionID = "" }),
		"scan_logins: TICKET is SCANNED, which does not go with who claimed it"},
	{"a ticket that somebody scanned", claimed(func(l *store.ScanLogin) { l.Status = store.ScanLoginPending }),
		"scan_logins: TICKET is PENDING, which does not go with who claimed it"},
	{"a ticket of another session", claimed(func(l *store.ScanLogin) { l.SessionID = fixtureID(9) }),
		"scan_logins_by_session: the entry of TICKET is missing or wrong"},
	{"a ticket of no session", claimed(func(l *store.ScanLogin) { l.SessionID = fixtureID(9) }),
		"scan_logins: TICKET is claimed by " + fixtureID(9) + ", which is not there or does not read"},
	{"a ticket of another app", claimed(func(l *store.ScanLogin) { l.AppID = otherApp }),
		"scan_logins: TICKET is claimed by SESSION, which is of another app"},
	{"a ticket ahead of the clock", func(t *tx, _ store.LoggedIn) error {
		ahead := t.now.Add(2 * aheadOfClock)
		return t.putScanLogin(store.ScanLogin{ID: store.NewID(store.ScanLoginPrefix, ahead), Status: store.ScanLoginPending})
	}, "scan_logins: scn_* lies ahead of the clock, and stays until it is over: is the clock right?"},

	{"half an event", changed(bucketAudit, "", halved), "audit: EVENT does not read"},
	{"an event without an id", added(bucketAudit, "event"), "audit: a key of 5 bytes is not an id"},
	{"an event of another time", func(t *tx, _ store.LoggedIn) error {
		return t.putEvent(t.firstOf(bucketAudit), store.AuditEvent{At: begin.Add(time.Hour), Action: store.ActionLogin})
	}, "audit: EVENT did not happen when the id says"},
	{"an event ahead of the clock", func(t *tx, _ store.LoggedIn) error {
		t.now = t.now.Add(2 * aheadOfClock)
		return t.audit(store.ActionLogin, "", store.Actor{}, "")
	}, "audit: evt_* lies ahead of the clock, and so will all that follow: is the clock right?"},
	{"an event that was not counted", func(t *tx, _ store.LoggedIn) error { return t.add(bucketMeta, keyEvents, -1) },
		`meta: the counter "events" is 7, there are 8`},

	{"a message of another length", added(bucketMessages, "short"), "messages: one does not read"},
	{"a message without an end", changed(bucketMessages, "", halved), "messages: one does not read"},
	{"a message that ends later", changed(bucketMessages, "", flipped),
		"messages_by_end: the entry of a message is missing or wrong"},

	{"figures of no day", added(bucketActivity, "day"), "activity: a key of 3 bytes is not a day"},
	{"figures that do not read", changed(bucketActivity, "", halved),
		"activity: the figures of 2026-11-21 do not read"},
	{"a login in no app", figures(today, "", store.Activity{NewUsers: 3, ActiveUsers: 3, Logins: 5}),
		"activity: the figures of 2026-11-21 are not those of its apps"},
	{"too few active users", figures(today, "", store.Activity{NewUsers: 3, ActiveUsers: 1, Logins: 4}),
		"activity: of 2026-11-21 1 active users were counted, there are 2"},
	{"figures of an app alone", figures(today+1, app, store.Activity{Logins: 1}),
		"activity: 2026-11-22 has figures of an app and none of all"},
	{"a user active on a day of nobody", written(func(u *store.User) {
		u.Identities = slices.Clone(u.Identities)
		u.Identities[0].ActiveOn++
	}), "activity: users were active on 2026-11-22, and there are no figures of it"},
}

func (t *tx) firstOf(bucket []byte) store.RawID {
	first, _ := t.Bucket(bucket).Cursor().First()
	return rawID(first)
}
