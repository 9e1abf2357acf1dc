package mysql

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
	"menshen/store/mysql/mysqltest"
	"menshen/store/storetest"
)

// TestCommitWithoutAnswer breaks the connection of every verb at its COMMIT. It must
// answer, and leave the database, as the same verb does that nothing happens to.
func TestCommitWithoutAnswer(t *testing.T) {
	for name, where := range map[string]cut{"before": beforeCommit, "during": duringCommit, "after": afterCommit} {
		t.Run(name, func(t *testing.T) {
			calm, shaken := newTrial(t), newTrial(t)
			for i, verb := range calm.verbs {
				before := calm.figures()
				want := verb.Call(t.Context())
				shaken.wire.cutNext(where)
				got := shaken.verbs[i].Call(t.Context())
				wasCut := shaken.wire.uncut()
				if !errors.Is(got, want) {
					t.Errorf("%s: error %v, want %v", verb.Name, got, want)
				}
				after := calm.figures()
				if diff := cmp.Diff(after, shaken.figures()); diff != "" {
					t.Fatalf("%s (-want +got):\n%s", verb.Name, diff)
				}
				if !wasCut && !cmp.Equal(before, after) {
					t.Errorf("%s wrote, and nothing was cut", verb.Name)
				}
			}
			checkTest(t, shaken)
		})
	}
}

// trial is a store with a history, and what will be done to it.
type trial struct {
	*Store
	*testing.T
	wire  *wire
	db    *sql.DB
	verbs []storetest.Verb
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	clock := storetest.NewClock(begin)
	options := testOptions()
	options.Now = clock.Now
	s, w, database := openTapped(t, options)
	f := &trial{Store: s, T: t, wire: w, db: mysqltest.Shared(t).DB(t, database)}
	f.login(coming(app, "bob", "union-bob"))
	f.login(coming(app, "carol", ""))
	stolen := f.login(coming(app, "mallory", "")).Session
	f.need(errorOf2(s.Refresh(t.Context(), exchangeOf(stolen))))
	clock.Advance(store.RefreshGrace + time.Millisecond)
	alice := f.login(coming(app, "alice", ""))
	f.verbs = slices.Concat(f.logins(), []storetest.Verb{
		{Name: "Refresh of a stolen token", Call: func(ctx context.Context) error { return errorOf2(s.Refresh(ctx, exchangeOf(stolen))) }},
		f.denial(alice.Session.ID),
	}, storetest.Verbs(s, alice, store.NewID(store.EventPrefix, begin), f.ticket()))
	return f
}

func (f *trial) need(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *trial) login(in store.Login) store.LoggedIn {
	f.Helper()
	out, err := f.Login(f.Context(), in)
	f.need(err)
	return out
}

func (f *trial) ticket() store.ScanLogin {
	f.Helper()
	ticket, err := f.OpenScanLogin(f.Context(), store.OpenScanLogin{AppID: app})
	f.need(err)
	return ticket
}

// exchangeOf presents the first refresh token of a session.
func exchangeOf(session store.Session) store.Refresh {
	return store.Refresh{SessionID: session.ID, Hash: session.Refresh.Hash, Next: store.RefreshToken{Generation: 1}}
}

// logins are those that make a user, find one, join one, and make one of two.
func (f *trial) logins() (verbs []storetest.Verb) {
	for _, in := range []store.Login{
		coming(app, "dave", "union-dave"), coming(app, "bob", ""),
		coming(otherApp, "bob there", "union-bob"), coming(app, "carol", "union-bob"),
	} {
		verbs = append(verbs, storetest.Verb{
			Name: "Login of " + in.OpenID, Call: func(ctx context.Context) error { return errorOf(f.Login(ctx, in)) },
		})
	}
	return verbs
}

// denial is the answer to a ticket that a session has claimed.
func (f *trial) denial(sessionID string) storetest.Verb {
	f.Helper()
	id := f.ticket().ID
	f.need(errorOf(f.ClaimScanLogin(f.Context(), id, sessionID)))
	return storetest.Verb{Name: "AnswerScanLogin, denying", Call: func(ctx context.Context) error {
		return errorOf(f.AnswerScanLogin(ctx, id, sessionID, false, store.Actor{}))
	}}
}

// figures is how many there are of everything: rows, and what is counted in them.
func (f *trial) figures() map[string]int {
	f.Helper()
	all := map[string]int{}
	for _, query := range []string{
		"SELECT 'users', COUNT(*) FROM users UNION SELECT 'logins of users', COALESCE(SUM(login_count), 0) FROM users",
		"SELECT 'identities', COUNT(*) FROM identities UNION SELECT 'former ids', COUNT(*) FROM former_ids UNION SELECT 'unionids', COUNT(*) FROM union_ids",
		"SELECT CONCAT('sessions, blocked ', blocked), COUNT(*) FROM sessions GROUP BY blocked",
		"SELECT 'refreshes', COALESCE(SUM(refresh_generation), 0) FROM sessions",
		"SELECT CONCAT('tickets ', status), COUNT(*) FROM scan_logins GROUP BY status",
		"SELECT CONCAT('event ', action), COUNT(*) FROM audit GROUP BY action",
		"SELECT CONCAT('counter ', name), SUM(n) FROM counters GROUP BY name",
		"SELECT CONCAT('activity of ', app_id), SUM(new_users * 10000 + active_users * 100 + logins) FROM activity GROUP BY app_id",
		"SELECT 'messages', COUNT(*) FROM messages UNION SELECT 'secrets', COUNT(*) FROM secrets UNION SELECT 'leases', COUNT(*) FROM leases",
	} {
		f.add(all, query)
	}
	keys, err := f.SealingKeys(context.Background())
	f.need(err)
	all["sealing keys"] = len(keys)
	return all
}

func (f *trial) add(all map[string]int, query string) {
	f.Helper()
	rows, err := f.db.Query(query)
	f.need(err)
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		f.need(rows.Scan(&name, &n))
		all[name] = n
	}
	f.need(rows.Err())
}
