package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"

	"menshen/store"
)

// checkStore fails the test for every problem in a store.
func checkStore(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.Check(context.WithoutCancel(t.Context()), func(problem string) { t.Error(problem) }); err != nil {
		t.Error(err)
	}
}

// problemsOf returns what Check tells of a store.
func problemsOf(t *testing.T, s *Store) (problems []string) {
	t.Helper()
	if _, err := s.Check(t.Context(), func(problem string) { problems = append(problems, problem) }); err != nil {
		t.Fatal(err)
	}
	return problems
}

func TestCheckCounts(t *testing.T) {
	s := openTest(t, testOptions())
	useEverything(t, s)
	found, err := s.Check(t.Context(), func(problem string) { t.Error(problem) })
	want := store.Inventory{Users: 2, Identities: 3, Sessions: 4, AuditEvents: 8}
	if diff := cmp.Diff(want, found); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// breakage is something in a file that should not be so, and what Check says of
// it. USER and SESSION stand for alice's ids.
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

// figures puts what was counted on a day, of an app or, for "", of all.
func figures(day store.Day, appID string, a store.Activity) func(*tx, store.LoggedIn) error {
	return func(t *tx, _ store.LoggedIn) error {
		return errors.Join(t.delete(bucketActivity, activityKey(day, appID)), t.addActivityOf(day, appID, a))
	}
}

func halved(v []byte) []byte { return v[:len(v)/2] }

const (
	aliceIdentity = "wx0000000000000001\x00alice"
	stranger      = "usr_00000000000000000000000000"
)

var breakages = []breakage{
	{"a bucket that is gone", func(t *tx, _ store.LoggedIn) error { return t.DeleteBucket(bucketMessages) }, "messages: the bucket is missing"},
	{"another ring", changed(bucketMeta, "ring", flipped), "meta: the key ring does not open with the key file"},
	{"a secret that does not open", changed(bucketKeys, "token", flipped), `keys: the secret "token" does not open`},

	{"half a user", func(t *tx, alice store.LoggedIn) error {
		raw := rawUser(alice.User.ID)
		return changed(bucketUsers, string(raw[:]), halved)(t, alice)
	}, "users: USER does not read"},
	{"a user without an id", added(bucketUsers, "alice"), "users: a key of 5 bytes is not an id"},
	{"a user of another time", written(func(u *store.User) { u.CreatedAt = u.CreatedAt.Add(time.Hour) }), "users: USER was not made when the id says"},
	{"a living user who was absorbed", written(func(u *store.User) { u.FormerIDs = append(u.FormerIDs, u.ID) }), "users: USER is there, and a former id of USER"},
	{"a role that no counter knows", written(func(u *store.User) { u.Role = store.RoleUser }), `facets: "admin" is counted, and nobody is in it`},
	{"a block that no counter knows", written(func(u *store.User) { u.BlockedAt = begin }), `facets: the counter "blocked" is 0, there are 1`},
	{"a counter of a facet that does not read", changed(bucketFacets, "users", halved), `facets: the counter of "users" does not read`},

	{"an identity that is gone", func(t *tx, _ store.LoggedIn) error { return t.delete(bucketIdentities, []byte(aliceIdentity)) },
		"identities: one of USER is missing"},
	{"an identity whose session_keys do not open", changed(bucketIdentities, aliceIdentity, flipped), "identities: one of USER does not read"},
	{"an identity of nobody", changed(bucketIdentities, aliceIdentity, func(v []byte) []byte { return append([]byte{recordVersion}, make([]byte, 17)...) }),
		"identities: one names " + stranger + ", who is not there or does not read"},
	{"an identity of somebody else", func(t *tx, alice store.LoggedIn) error {
		who, _, err := t.identity("wx0000000000000001", "root")
		return errors.Join(err, t.putIdentity("wx0000000000000001", "alice", identity{}, who))
	}, "identities: one of USER names ROOT"},
	{"an identity that its user lacks", written(func(u *store.User) { u.Identities = u.Identities[:1] }), "identities: one names USER, who does not have it"},

	{"half a session", func(t *tx, alice store.LoggedIn) error {
		_, raw := sessionIDs(alice.Session)
		return changed(bucketSessions, string(raw[:]), halved)(t, alice)
	}, "sessions: SESSION does not read"},
	{"a session without an id", added(bucketSessions, "session"), "sessions: a key of 7 bytes is not an id"},
	{"a session of nobody", session(func(s *store.Session) { s.UserID = stranger }), "sessions: SESSION is one of " + stranger + ", who is not there or does not read"},
	{"a session of a foreign identity", session(func(s *store.Session) { s.OpenID = "root" }), "sessions: SESSION is of an identity that USER does not have"},
	{"a session of a blocked user", written(func(u *store.User) { u.BlockedAt = begin }), "sessions: SESSION goes on, and USER is blocked"},
	{"a session that ends later", session(func(s *store.Session) { s.ExpiresAt = s.ExpiresAt.Add(1e9) }), "sessions_by_end: the entry of SESSION is missing or wrong"},
	{"a session that ended uncounted", session(func(s *store.Session) { s.Ended = true }), `meta: the counter "sessions" is 4, there are 3`},

	{"half an event", changed(bucketAudit, "", halved), "audit: EVENT does not read"},
	{"an event without an id", added(bucketAudit, "event"), "audit: a key of 5 bytes is not an id"},
	{"an event of another time", func(t *tx, _ store.LoggedIn) error {
		return t.putEvent(t.firstEvent(), store.AuditEvent{At: begin.Add(time.Hour), Action: store.ActionLogin})
	}, "audit: EVENT did not happen when the id says"},
	{"an event that was not counted", func(t *tx, _ store.LoggedIn) error { return t.count(bucketMeta, keyEvents, -1) },
		`meta: the counter "events" is 7, there are 8`},

	{"a message without an end", changed(bucketMessages, "", halved), "messages: one does not read"},
	{"a message that ends later", changed(bucketMessages, "", flipped), "messages_by_end: the entry of a message is missing or wrong"},

	{"figures of no day", added(bucketActivity, "day"), "activity: a key of 3 bytes is not a day"},
	{"figures that do not read", changed(bucketActivity, "", halved), "activity: the figures of 2026-11-21 do not read"},
	{"a login in no app", figures(today, "", store.Activity{NewUsers: 3, ActiveUsers: 3, Logins: 5}), "activity: the figures of 2026-11-21 are not those of its apps"},
	{"too few active users", figures(today, "", store.Activity{NewUsers: 3, ActiveUsers: 1, Logins: 4}), "activity: of 2026-11-21 1 active users were counted, there are 2"},
	{"figures of an app alone", figures(today+1, "wx0000000000000001", store.Activity{Logins: 1}), "activity: 2026-11-22 has figures of an app and none of all"},
	{"a user active on a day of nobody", written(func(u *store.User) { u.Identities = slices.Clone(u.Identities); u.Identities[0].ActiveOn++ }),
		"activity: users were active on 2026-11-22, and there are no figures of it"},
}

// today is the day of begin.
var today = store.DayOf(begin, nil)

func (t *tx) firstEvent() store.RawID {
	first, _ := t.Bucket(bucketAudit).Cursor().First()
	return rawID(first)
}

func TestCheckTells(t *testing.T) {
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) { tells(t, b) })
	}
}

// TestCheckTellsOfIndexes takes an entry from each index, changes one, and adds one.
func TestCheckTellsOfIndexes(t *testing.T) {
	for _, bucket := range [][]byte{
		bucketFormerIDs, bucketUnionIDs, bucketPhones, bucketNickNames, bucketDirectory,
		bucketSessionsByUser, bucketSessionsByEnd, bucketKeysByEnd,
		bucketAuditByUser, bucketAuditByActor, bucketAuditByAction, bucketMessagesByEnd,
	} {
		first := func(t *tx) []byte { k, _ := t.Bucket(bucket).Cursor().First(); return bytes.Clone(k) }
		t.Run(string(bucket), func(t *testing.T) {
			tells(t, breakage{breakIt: func(t *tx, _ store.LoggedIn) error { return t.delete(bucket, first(t)) },
				says: string(bucket) + ": the entry of * is missing or wrong"})
			tells(t, breakage{breakIt: func(t *tx, _ store.LoggedIn) error { return t.put(bucket, first(t), []byte("?")) },
				says: string(bucket) + ": the entry of * is missing or wrong"})
			tells(t, breakage{breakIt: added(bucket, "~ of nobody"),
				says: string(bucket) + ": * entries, the records account for *"})
		})
	}
}

// tells expects Check to say what is broken, and nothing that names a person.
func tells(t *testing.T, b breakage) {
	t.Helper()
	s := openUnchecked(t)
	alice := useEverything(t, s)
	root, err := s.UserByIdentity(t.Context(), "wx0000000000000001", "root")
	if err != nil {
		t.Fatal(err)
	}
	var event string
	err = s.db.Update(func(bt *bbolt.Tx) error {
		tx := s.newTx(bt, s.ring.Load())
		event = tx.firstEvent().Text(store.EventPrefix)
		return b.breakIt(tx, alice)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("USER", alice.User.ID, "SESSION", alice.Session.ID, "ROOT", root.ID, "EVENT", event).Replace(b.says)
	problems := problemsOf(t, s)
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

// TestCheckTellsOfPages changes the order of keys in a page.
func TestCheckTellsOfPages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "menshen.db")
	s := mustOpen(t, path, testOptions())
	for n := range 100 { // a small bucket has no page of its own
		mustLogin(t, s, login(fmt.Sprint("number ", n)))
	}
	closeTest(t, s)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file = bytes.ReplaceAll(file, []byte("\x00number 42"), []byte("\x00zumber 42"))
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, path, testOptions())
	defer closeTest(t, s)
	told := strings.Join(problemsOf(t, s), "\n")
	if !strings.Contains(told, "bbolt: key[") || strings.Contains(told, fmt.Sprintf("%x", "umber")) {
		t.Errorf("told:\n%s", told)
	}
}

// TestCheckOfAStoreInUse checks while clients come and keys rotate.
func TestCheckOfAStoreInUse(t *testing.T) {
	s := openTest(t, testOptions())
	ctx, stop := context.WithCancel(t.Context())
	var group errgroup.Group
	for client := range 4 {
		group.Go(func() error {
			for n := 0; ctx.Err() == nil; n++ {
				if _, err := s.Login(t.Context(), login(fmt.Sprintf("%d-%d", client, n%10))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		for ctx.Err() == nil {
			if err := s.RotateSealing(t.Context()); err != nil {
				return err
			}
			if _, err := s.PruneSealing(t.Context()); err != nil {
				return err
			}
		}
		return nil
	})
	for range 20 {
		checkStore(t, s)
	}
	stop()
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	s := openUnchecked(t)
	useEverything(t, s)
	if err := s.db.Update(func(tx *bbolt.Tx) error { return damaged(tx.Bucket(bucketUsers), damages["halved"]) }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	_, err := s.Check(ctx, func(string) { told++; cancel() })
	if told != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("told %d problems after the first had ended the context, %v", told, err)
	}
	if _, err := s.Check(ctx, func(string) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("a check that never began: %v", err)
	}
}
