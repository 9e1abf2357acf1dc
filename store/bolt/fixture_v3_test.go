package bolt

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/storetest"
)

// maker writes a fixture, one step a minute.
type maker struct {
	*testing.T
	clock *storetest.Clock
	store *Store
}

func (m *maker) step(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
	m.clock.Advance(time.Minute)
}

// scan has a page open a ticket, and alice claim it if she does, and answer.
func (m *maker) scan(claims bool, answers ...bool) (id string) {
	m.Helper()
	ticket, err := m.store.OpenScanLogin(m.Context(), store.OpenScanLogin{
		AppID: fixtureApp, SecretHash: fixtureHash, IPAddress: "198.51.100.9", UserAgent: "Mozilla/5.0",
	})
	if claims {
		err = errors.Join(err, errorOf(m.store.ClaimScanLogin(m.Context(), ticket.ID, fixtureID(1))))
	}
	for _, approve := range answers {
		err = errors.Join(err, errorOf(m.store.AnswerScanLogin(m.Context(), ticket.ID, fixtureID(1), approve, fixtureActor)))
	}
	m.step(err)
	return ticket.ID
}

// makeFixture writes a store with what version 3 brought: a ticket in each state.
// Alice scanned all but the first, and was logged in by the last.
func makeFixture(t *testing.T) {
	m := &maker{T: t, clock: storetest.NewClock(begin)}
	options := testOptions()
	options.Now = m.clock.Now
	s := mustOpen(t, filepath.Join(t.TempDir(), "menshen.db"), options)
	defer closeTest(t, s)
	m.store = s
	m.step(errorOf(s.Login(t.Context(), store.Login{
		AppID: fixtureApp, OpenID: "alice", SessionID: fixtureID(1), SessionKey: store.SessionKey{Text: "key 1", GivenAt: begin},
	})))
	m.clock.Advance(minute(15).Sub(m.clock.Now()))
	const yes, no = true, false
	m.scan(no)
	m.scan(yes)
	m.scan(yes, yes)
	m.scan(yes, no)
	redeemed := m.scan(yes, yes)
	m.step(errorOf2(s.RedeemScanLogin(t.Context(), store.RedeemScanLogin{
		ID: redeemed, SecretHash: fixtureHash, SessionID: fixtureID(2), UserAgent: "Mozilla/5.0", IPAddress: "198.51.100.9",
	})))
	keepFixture(t, s, "v3")
}

// keepFixture writes a backup of a store and its key file into testdata.
func keepFixture(t *testing.T, s *Store, version string) {
	t.Helper()
	var db bytes.Buffer
	_, backupErr := s.Backup(t.Context(), &db)
	key, keyErr := os.ReadFile(string(keyFileOf(s.file.Path())))
	err := errors.Join(backupErr, keyErr,
		os.WriteFile(filepath.Join("testdata", version+".db"), db.Bytes(), 0o600),
		os.WriteFile(filepath.Join("testdata", version+".key"), key, 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
}

func TestFixtureV3(t *testing.T) {
	if *update {
		makeFixture(t)
	}
	s := openFixture(t, "v3")
	alice := fixtureUser(t, s, "alice")
	in := func(n int, status store.ScanLoginStatus, sessionID string) store.ScanLogin {
		return store.ScanLogin{
			AppID: fixtureApp, SecretHash: fixtureHash, Status: status, CreatedAt: minute(n), ExpiresAt: minute(n + 5),
			IPAddress: "198.51.100.9", UserAgent: "Mozilla/5.0", SessionID: sessionID,
		}
	}
	same(t, "tickets", fixtureTickets(t, s), []store.ScanLogin{
		in(15, store.ScanLoginExpired, ""), in(16, store.ScanLoginScanned, fixtureID(1)), in(17, store.ScanLoginApproved, fixtureID(1)),
		in(18, store.ScanLoginDenied, fixtureID(1)), in(19, store.ScanLoginRedeemed, fixtureID(1)),
	}, nil)
	denials, err := s.AuditEvents(t.Context(), store.AuditQuery{
		Filter: store.AuditFilter{UserID: alice.ID, Action: store.ActionScanLoginDenied}, Limit: 10,
	})
	same(t, "denials", len(denials.Events), 1, err)
	logins, err := s.AuditEvents(t.Context(), store.AuditQuery{
		Filter: store.AuditFilter{UserID: alice.ID, Action: store.ActionLogin}, Limit: 1,
	})
	redeemed := rawID([]byte(keysOf(t, s, "scan_logins")[4])).Text(store.ScanLoginPrefix)
	detail := store.Optional(fixtureApp + " by " + redeemed + " of " + fixtureID(1))
	same(t, "the login by scan", logins.Events[0].Detail, detail, err)
	page, err := s.Session(t.Context(), fixtureID(2))
	same(t, "the page's session", page, store.Session{
		ID: fixtureID(2), UserID: alice.ID, AppID: fixtureApp, OpenID: "alice",
		CreatedAt: minute(20), LastUsedAt: minute(20), ExpiresAt: minute(20).Add(testOptions().SessionLife),
		UserAgent: "Mozilla/5.0", IPAddress: "198.51.100.9",
	}, err)
	same(t, "alice's logins", alice.LoginCount, 2, nil)
	if err := s.EndSession(t.Context(), alice.ID, fixtureID(1), fixtureActor); err != nil {
		t.Error(err)
	}
	same(t, "tickets left by her logout", len(keysOf(t, s, "scan_logins")), 1, nil)
}

// fixtureTickets returns the tickets, oldest first, without their ids, which nobody
// can foretell.
func fixtureTickets(t *testing.T, s *Store) (tickets []store.ScanLogin) {
	t.Helper()
	for _, key := range keysOf(t, s, "scan_logins") {
		id := rawID([]byte(key)).Text(store.ScanLoginPrefix)
		ticket, err := s.ScanLogin(t.Context(), id)
		same(t, "the id", ticket.ID, id, err)
		ticket.ID = ""
		tickets = append(tickets, ticket)
	}
	return tickets
}
