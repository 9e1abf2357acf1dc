package mysql

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
)

// The fixtures are databases as each released version left them, as SQL, and their
// key files; no test ever writes them again. That of the version in the making is
// made by
//
//	go test ./store/mysql -run TestFixtureV1 -fixture
var remake = flag.Bool("fixture", false, "make the fixture of the newest version again; never that of a released one")

// makeFixture keeps a database with a row in every table, sealed by two keys.
func makeFixture(t *testing.T, version string) {
	t.Helper()
	node := mysqltest.Shared(t)
	database, key := node.NewDatabase(t), newKey(t)
	s := mustOpen(t, mysqltest.URL(database, node), key, testOptions())
	defer closeTest(t, s)
	alice, _ := useEverything(t, s)
	bob := mustLogin(t, s, coming(app, "bob", "")).User.ID
	by := store.Actor{ID: alice.User.ID, IPAddress: "192.0.2.7"}
	err := errors.Join(
		errorOf2(s.Refresh(t.Context(), exchangeOf(alice.Session))),
		s.RotateSealing(t.Context()),
		s.UpdateSecret(t.Context(), "later", func([]byte) ([]byte, error) { return []byte("sealed by the second key"), nil }),
		errorOf(s.Block(t.Context(), bob, "spam", by)),
		errorOf(s.Lease(t.Context(), "sweep", time.Minute)),
		s.Announce(t.Context(), []store.Announcement{{Topic: "user_logged_in", Message: bob}}),
	)
	text, readErr := os.ReadFile(string(key))
	if err = errors.Join(err, readErr); err != nil {
		t.Fatal(err)
	}
	dump := dumpOf(t, node.DB(t, database))
	err = errors.Join(os.WriteFile(fixtureFile(version+".sql"), []byte(dump), 0o644), os.WriteFile(fixtureFile(version+".key"), text, 0o600))
	if err != nil {
		t.Fatal(err)
	}
}

func fixtureFile(name string) string { return filepath.Join("testdata", name) }

// dumpOf writes a database as the statements that make it, one behind the other.
func dumpOf(t *testing.T, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	for _, table := range column(t, db, "SHOW TABLES") {
		var made string
		if err := db.QueryRow("SHOW CREATE TABLE "+table).Scan(&table, &made); err != nil {
			t.Fatal(err)
		}
		b.WriteString(made + ";\n")
		for _, row := range literals(t, db, table) {
			fmt.Fprintf(&b, "INSERT INTO %s VALUES (%s);\n", table, row)
		}
	}
	return b.String()
}

// literals returns the rows of a table.
func literals(t *testing.T, db *sql.DB, table string) (all []string) {
	t.Helper()
	rows, err := db.Query("SELECT * FROM " + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([][]byte, len(types)), make([]any, len(types))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, rowLiteral(types, values))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func rowLiteral(types []*sql.ColumnType, values [][]byte) string {
	var row []string
	for i, value := range values {
		switch {
		case value == nil:
			row = append(row, "NULL")
		case strings.HasSuffix(types[i].DatabaseTypeName(), "INT"):
			row = append(row, string(value))
		default:
			row = append(row, fmt.Sprintf("x'%x'", value))
		}
	}
	return strings.Join(row, ", ")
}

// openFixture opens a new database that holds what a version left.
func openFixture(t *testing.T, version string) *Store {
	t.Helper()
	text, err := os.ReadFile(fixtureFile(version + ".sql"))
	if err != nil {
		t.Fatal(err)
	}
	node := mysqltest.Shared(t)
	database := node.NewDatabase(t)
	db := node.DB(t, database)
	for statement := range strings.SplitSeq(strings.TrimSuffix(string(text), ";\n"), ";\n") {
		must(t, db, statement)
	}
	for _, table := range column(t, db, "SHOW TABLES") {
		if rows := column(t, db, "SELECT COUNT(*) FROM "+table); rows[0] == "0" {
			t.Errorf("nothing in %s", table)
		}
	}
	s := mustOpen(t, mysqltest.URL(database, node), seal.KeyFile(fixtureFile(version+".key")), testOptions())
	t.Cleanup(func() { closeTest(t, s) })
	return s
}

// TestFixtureV1 finds everything in what version 1 left. Alice was two users; bob is
// blocked.
func TestFixtureV1(t *testing.T) {
	if *remake {
		makeFixture(t, "v1")
	}
	s := openFixture(t, "v1")
	got, err := s.Check(t.Context(), func(problem string) { t.Error(problem) })
	same(t, "the inventory", got, store.Inventory{Users: 3, Identities: 4, Sessions: 5, AuditEvents: 10}, err)
	alice := fixtureAlice(t, s)
	fixtureOthers(t, s)

	sessions, err := s.Sessions(t.Context(), alice.ID)
	same(t, "alice's sessions", len(sessions), 3, err)
	_, user, err := s.Authenticate(t.Context(), sessions[0].ID)
	same(t, "who has a session of alice's", user, alice, err)
	keys, err := s.SessionKeys(t.Context(), app, "alice")
	same(t, "session_keys", keys, []store.SessionKey{
		{Text: "another key", GivenAt: begin}, {Text: "key of alice", GivenAt: begin.Add(-time.Hour)},
	}, err)
	days, err := s.Activity(t.Context(), today, today, "")
	same(t, "activity", days, []store.Activity{{Day: today, NewUsers: 4, ActiveUsers: 4, Logins: 5}}, err)
	if out := mustLogin(t, s, coming(app, "alice", "")); out.User.LoginCount != alice.LoginCount+1 {
		t.Errorf("her next login is counted as %d", out.User.LoginCount)
	}
}

// fixtureAlice finds alice in every way.
func fixtureAlice(t *testing.T, s *Store) store.User {
	t.Helper()
	phone := store.Phone{Number: secretPhone, PureNumber: secretPhone, CountryCode: "86", BoundAt: begin}
	alice, err := s.UserByPhone(t.Context(), phone)
	same(t, "alice", alice, store.User{
		ID: alice.ID, FormerIDs: alice.FormerIDs, Identities: alice.Identities, // by which she is found below
		Role: store.RoleAdmin, UnionID: "union-alice", Profile: store.Profile{NickName: "Alice in Wonderland", UpdatedAt: begin},
		Phone: &phone, CreatedAt: begin, LastLoginAt: begin, LoginCount: 3,
	}, err)
	for name, find := range map[string]func() (store.User, error){
		"her id":           func() (store.User, error) { return s.User(t.Context(), alice.ID) },
		"her former id":    func() (store.User, error) { return s.User(t.Context(), alice.FormerIDs[0]) },
		"her unionid":      func() (store.User, error) { return s.UserByUnionID(t.Context(), "union-alice") },
		"her openid":       func() (store.User, error) { return s.UserByIdentity(t.Context(), app, "alice") },
		"her other openid": func() (store.User, error) { return s.UserByIdentity(t.Context(), otherApp, "alice-there") },
	} {
		found, err := find()
		same(t, name, found, alice, err)
	}
	return alice
}

// fixtureOthers finds what is not alice's.
func fixtureOthers(t *testing.T, s *Store) {
	t.Helper()
	bob, err := s.UserByIdentity(t.Context(), app, "bob")
	same(t, "why bob is blocked", bob.BlockedReason, store.Optional("spam"), err)
	live, err := s.CountSessions(t.Context())
	same(t, "sessions not ended", live, 4, err)
	blocks, err := s.AuditEvents(t.Context(), store.AuditQuery{Filter: store.AuditFilter{UserID: bob.ID, Action: store.ActionBlock}, Limit: 2})
	same(t, "blocks", len(blocks.Events), 1, err)
	for name, want := range map[string]string{"token": "keys", "later": "sealed by the second key"} {
		secret, err := s.Secret(t.Context(), name)
		same(t, "the secret "+name, string(secret), want, err)
	}
	sealing, err := s.SealingKeys(t.Context())
	same(t, "sealing keys", len(sealing), 2, err)
}

func same(t *testing.T, what string, got, want any, err error) {
	t.Helper()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%s: %v (-want +got):\n%s", what, err, diff)
	}
}
