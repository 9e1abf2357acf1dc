package bolt

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"menshen/store"
	"menshen/store/storetest"
)

const addressOfAlice = "203.0.113.77"

// traces are what a person leaves in a store.
type traces struct {
	plain  []string // stands in the file as it is
	sealed []string // never does
	ids    []string // of users, in both forms, which the audit keeps
}

// leaveTraces has alice do everything that leaves something of her.
func leaveTraces(t *testing.T, s *Store) (alice store.User, left traces) {
	t.Helper()
	come := func(appID, openID string, union store.Optional) store.LoggedIn {
		in := login(openID)
		in.AppID, in.UnionID, in.IPAddress, in.UserAgent = appID, union, addressOfAlice, "a phone of alice"
		in.Profile = &store.Profile{NickName: "Alice Liddell", AvatarURL: "https://example.com/alice.png", City: "Wonderland"}
		out := mustLogin(t, s, in)
		user, session := rawUser(out.User.ID), rawSession(out.Session.ID)
		left.ids = append(left.ids, out.User.ID, string(user[:]))
		left.plain = append(left.plain, openID, string(session[:]))
		left.sealed = append(left.sealed, in.SessionKey.Text)
		return out
	}
	come(otherApp, "openid-of-alice-there", "unionid-of-alice-0")
	come(app, "openid-of-alice", "")
	come(otherApp, "openid-of-alice-there", "unionid-of-alice-1")
	out := come(app, "openid-of-alice", "unionid-of-alice-1") // merges
	left.plain = append(left.plain, leaveTicket(t, s, out.Session.ID)...)
	number := store.Phone{Number: secretPhone, PureNumber: secretPhone, CountryCode: "86"}
	err := errors.Join(
		errorOf(s.BindPhone(t.Context(), out.User.ID, number, store.Actor{ID: out.User.ID, IPAddress: addressOfAlice})),
		errorOf(s.Block(t.Context(), out.User.ID, "a reason about alice", store.Actor{ID: "operator", IPAddress: addressOfAlice})),
	)
	if err != nil {
		t.Fatal(err)
	}
	left.plain = append(left.plain, "unionid-of-alice-0", "unionid-of-alice-1", addressOfAlice, "a phone of alice",
		"Alice Liddell", "alice liddell", "https://example.com/alice.png", "Wonderland", "a reason about alice")
	left.sealed = append(left.sealed, secretPhone)
	return mustUser(t, s, out.User.ID), left
}

// leaveTicket has a session scan a ticket, and returns what the ticket tells.
func leaveTicket(t *testing.T, s *Store, sessionID string) []string {
	t.Helper()
	ticket, err := s.OpenScanLogin(t.Context(), store.OpenScanLogin{AppID: app, IPAddress: "203.0.113.78", UserAgent: "a browser of alice"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ClaimScanLogin(t.Context(), ticket.ID, sessionID); err != nil {
		t.Fatal(err)
	}
	raw := rawScanLogin(ticket.ID)
	return []string{"203.0.113.78", "a browser of alice", string(raw[:])}
}

func TestDeletionLeavesNothing(t *testing.T) {
	s := openTest(t, testOptions())
	bob := mustLogin(t, s, login("bob"))
	alice, left := leaveTraces(t, s)
	if len(alice.FormerIDs) != 1 {
		t.Fatalf("absorbed %v: this test does not try a merged user", alice.FormerIDs)
	}
	before := compacted(t, s)
	for _, text := range append(left.plain, left.ids...) {
		if !bytes.Contains(before, []byte(text)) {
			t.Errorf("%q was not in the file: this test looks at the wrong bytes", text)
		}
	}
	if _, err := s.DeleteUser(t.Context(), alice.ID, store.Actor{ID: alice.ID, IPAddress: addressOfAlice}); err != nil {
		t.Fatal(err)
	}

	personal := append(left.plain, left.sealed...)
	eachEntry(t, s, func(bucket string, entry []byte) {
		for _, text := range personal {
			if bytes.Contains(entry, []byte(text)) {
				t.Errorf("%q is in %s: %q", text, bucket, entry)
			}
		}
		for _, id := range left.ids {
			if bytes.Contains(entry, []byte(id)) && !strings.HasPrefix(bucket, "audit") {
				t.Errorf("the id %q is in %s: %q", id, bucket, entry)
			}
		}
	})
	after := compacted(t, s)
	for _, text := range personal {
		if bytes.Contains(after, []byte(text)) {
			t.Errorf("%q is in the file", text)
		}
	}
	if _, err := s.Session(t.Context(), bob.Session.ID); err != nil {
		t.Errorf("bob's session: %v", err)
	}
}

// eachEntry calls visit with all keys and all values.
func eachEntry(t *testing.T, s *Store, visit func(bucket string, entry []byte)) {
	t.Helper()
	err := s.file.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				visit(string(name), k)
				visit(string(name), v)
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// compacted returns the bytes of the file after Compact.
func compacted(t *testing.T, s *Store) []byte {
	t.Helper()
	if _, _, err := s.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(s.file.Path())
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestDeletionInBatches deletes a user with a long history. After each of its
// transactions bob logs in; after the first one, alice does too, and turns out
// to be carol as well, whose history is long.
func TestDeletionInBatches(t *testing.T) {
	var between func()
	transactions := 0
	options := testOptions()
	options.Observe = func(verb string, _ time.Duration) {
		if verb == "delete_user" {
			transactions++
			between()
		}
	}
	s := openTest(t, options)
	carol := mustLogin(t, s, loginWith("carol", "union-alice")).User.ID
	alice := mustLogin(t, s, login("alice")).User.ID
	noteEvents(t, s, 3*scrubBatch+50, store.ActionBindPhone, alice, store.Actor{ID: alice, IPAddress: addressOfAlice})
	noteEvents(t, s, 2*scrubBatch, store.ActionBlock, "", store.Actor{ID: carol, IPAddress: addressOfAlice})
	between = func() {
		mustLogin(t, s, login("bob"))
		if transactions == 1 {
			mustLogin(t, s, loginWith("alice", "union-alice"))
		}
	}
	deleted, err := s.DeleteUser(t.Context(), alice, store.Actor{ID: "operator"})
	if err != nil || deleted != min(alice, carol) {
		t.Fatalf("deleted %s, %v", deleted, err)
	}
	if transactions < 6 {
		t.Errorf("%d transactions for over five batches", transactions)
	}
	if n, err := s.CountSessions(t.Context()); n != transactions || err != nil {
		t.Errorf("%d live sessions, %v, want bob's %d", n, err, transactions)
	}
	eventsBareBut(t, s, mustLogin(t, s, login("bob")).User.ID)
}

// eventsBareBut expects no event to have an address or a detail but those by one user.
func eventsBareBut(t *testing.T, s *Store, actor string) {
	t.Helper()
	page, err := s.AuditEvents(t.Context(), store.AuditQuery{Limit: store.CountLimit})
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range page.Events {
		if event.Actor != actor && (event.IPAddress != "" || event.Detail != "") {
			t.Fatalf("left of somebody else: %+v", event)
		}
	}
}

// TestDeletionGoesOnAlone has the caller leave after the first transaction.
func TestDeletionGoesOnAlone(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	options := testOptions()
	options.Observe = func(verb string, _ time.Duration) {
		if verb == "delete_user" {
			leave()
		}
	}
	s := openTest(t, options)
	alice := mustLogin(t, s, login("alice")).User.ID
	noteEvents(t, s, 2*scrubBatch, store.ActionBindPhone, alice, store.Actor{ID: alice, IPAddress: addressOfAlice})
	if _, err := s.DeleteUser(ctx, alice, store.Actor{ID: alice}); err != nil || ctx.Err() == nil {
		t.Errorf("%v, and the caller's context says %v", err, ctx.Err())
	}
	if _, err := s.User(t.Context(), alice); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the user is there: %v", err)
	}
}

// TestDeletionForgetsUses deletes a user whose session was used since the last sweep.
func TestDeletionForgetsUses(t *testing.T) {
	clock := storetest.NewClock(begin)
	options := testOptions()
	options.Now = clock.Now
	s := openTest(t, options)
	alice := mustLogin(t, s, login("alice"))
	clock.Advance(time.Hour)
	uses := func(want int) {
		t.Helper()
		if used := s.touched.Take(2); len(used) != want {
			t.Errorf("uses noted: %v", used)
		}
	}
	authenticate := func() {
		t.Helper()
		if _, _, err := s.Authenticate(t.Context(), alice.Session.ID); err != nil {
			t.Fatal(err)
		}
	}
	authenticate()
	uses(1)
	authenticate()
	if _, err := s.DeleteUser(t.Context(), alice.User.ID, store.Actor{}); err != nil {
		t.Fatal(err)
	}
	uses(0)
}

// TestDeletionRemovesWhatDoesNotRead damages a session of a user, a ticket that it
// claimed, and an event.
func TestDeletionRemovesWhatDoesNotRead(t *testing.T) {
	s := openUnchecked(t)
	alice := mustLogin(t, s, login("alice"))
	leaveTicket(t, s, alice.Session.ID)
	user, session := rawUser(alice.User.ID), rawSession(alice.Session.ID)
	err := s.update(t.Context(), "damage", func(t *tx) error {
		ticket := t.firstOf(bucketScanLogins)
		event, _ := t.pathsOf([]store.RawID{user}, bucketAuditByUser).before(everything.high)
		return errors.Join(
			t.put(bucketAudit, event[:], []byte("? of alice")),
			t.put(bucketSessions, session[:], []byte("? of alice")),
			t.put(bucketScanLogins, ticket[:], []byte("? of alice")),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteUser(t.Context(), alice.User.ID, store.Actor{ID: "operator"}); err != nil {
		t.Fatal(err)
	}
	eachEntry(t, s, func(bucket string, entry []byte) {
		if bytes.Contains(entry, []byte("alice")) {
			t.Errorf("left in %s: %q", bucket, entry)
		}
	})
}
