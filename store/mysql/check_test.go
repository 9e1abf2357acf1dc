package mysql

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
)

// useEverything leaves a row in every table: alice, who was two users, has three
// sessions, a phone number and a claimed ticket; root has a session. names puts their
// ids for USER, SESSION, TICKET, ROOT and STRANGER, who is nobody.
func useEverything(t *testing.T, s *Store) (alice store.LoggedIn, names *strings.Replacer) {
	t.Helper()
	earlier, there, in := coming(app, "alice", ""), coming(otherApp, "alice-there", "union-alice"), coming(app, "alice", "union-alice")
	earlier.SessionKey.GivenAt = begin.Add(-time.Hour)
	in.SessionKey.Text = "another key"
	in.Profile = &store.Profile{NickName: "Alice in Wonderland"}
	mustLogin(t, s, earlier)
	mustLogin(t, s, there)
	alice = mustLogin(t, s, in)
	root := mustLogin(t, s, coming(app, "root", "")).User.ID
	ticket, err := s.OpenScanLogin(t.Context(), store.OpenScanLogin{AppID: app})
	phone := store.Phone{Number: secretPhone, PureNumber: secretPhone, CountryCode: "86"}
	change := func([]byte) ([]byte, error) { return []byte("keys"), nil }
	err = errors.Join(err,
		errorOf(s.ClaimScanLogin(t.Context(), ticket.ID, alice.Session.ID)),
		errorOf(s.BindPhone(t.Context(), alice.User.ID, phone, store.Actor{ID: alice.User.ID})),
		errorOf(s.SetRole(t.Context(), alice.User.ID, store.RoleAdmin, store.Actor{ID: root})),
		s.UpdateSecret(t.Context(), "token", change),
		s.Withdraw(t.Context(), store.Withdrawal{MessageID: [32]byte{1}, AppID: app, OpenID: "alice"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return alice, strings.NewReplacer("USER", alice.User.ID, "SESSION", alice.Session.ID, "TICKET", ticket.ID,
		"ROOT", root, "STRANGER", store.RawID{}.Text(store.UserPrefix))
}

const secretPhone = "13800138000"

func TestCheckCounts(t *testing.T) {
	s := openTest(t)
	useEverything(t, s)
	found, err := s.Check(t.Context(), func(problem string) { t.Error(problem) })
	want := store.Inventory{Users: 2, Identities: 3, Sessions: 4, AuditEvents: 8}
	if diff := cmp.Diff(want, found); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestCheckOfMany checks more users than are read at once.
func TestCheckOfMany(t *testing.T) {
	s := openTest(t)
	users := populate(t, s, 2*checkedAtOnce+1)
	found, err := s.Check(t.Context(), func(problem string) { t.Error(problem) })
	if err != nil || found.Users != len(users) || found.Identities <= len(users) {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestCheckTells(t *testing.T) {
	s := openTest(t)
	alice, names := useEverything(t, s)
	session, _ := store.ParseID(store.SessionPrefix, alice.Session.ID)
	values := strings.NewReplacer("SESSION", fmt.Sprintf("%x", session), "TODAY", fmt.Sprint(int(today)))
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) {
			tells(t, s, names.Replace(b.says), func(t *tx) { t.write(values.Replace(b.statement)) })
		})
	}
}

// TestCheckTellsOfKeysOutOfOrder changes what the ring alone can seal.
func TestCheckTellsOfKeysOutOfOrder(t *testing.T) {
	s := openTest(t)
	_, names := useEverything(t, s)
	keys, err := s.SessionKeys(t.Context(), app, "alice")
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(keys)
	tells(t, s, names.Replace("identities: the session_keys of one of USER are out of order"), func(tx *tx) {
		if err := tx.putSessionKeys(app, "alice", keys); err != nil {
			t.Fatal(err)
		}
	})
}

// tells expects a check to say what is broken, and nothing that names a person. What
// breaks it is never committed: the check is part of the transaction.
func tells(t *testing.T, s *Store, want string, breakIt func(*tx)) {
	t.Helper()
	var problems []string
	err := s.snapshot(t.Context(), "test", func(ctx context.Context, t *tx) error {
		problems = nil
		breakIt(t)
		err := t.read(ctx, t.askNewestEvent()) // which begins the transaction
		for _, w := range t.writes {
			_, execErr := t.conn.ExecContext(unheard(ctx), w.text, w.args...)
			err = errors.Join(err, execErr)
		}
		c := newChecker(ctx, t, func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) })
		return errors.Join(err, c.check(s.key))
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(problems, func(p string) bool { return matches(want, p) }) {
		t.Errorf("says %q, want %q", problems, want)
	}
	for _, p := range problems {
		if strings.Contains(p, "alice") || strings.Contains(p, "Alice") || strings.Contains(p, secretPhone) {
			t.Errorf("names a person: %s", p)
		}
	}
}

// matches compares a text with one in which * stands for any other.
func matches(pattern, text string) bool {
	form := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
	return regexp.MustCompile("^" + form + "$").MatchString(text)
}

func TestCheckEnds(t *testing.T) {
	s := openTest(t)
	useEverything(t, s)
	if _, err := s.servers[0].pool.ExecContext(unheard(t.Context()), "UPDATE secrets SET value = ''"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	_, err := s.Check(ctx, func(string) { told++; cancel() })
	if told != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("told %d problems after the first had ended the context, %v", told, err)
	}
}
