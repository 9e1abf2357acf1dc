package bolt

import (
	"errors"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"menshen/store"
)

// TestLayout holds the drawing in the package comment against a file in use.
func TestLayout(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "bolt.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	var drawn []string
	for _, row := range regexp.MustCompile(`(?m)^\t(\w+)( |$)`).FindAllStringSubmatch(file.Doc.Text(), -1) {
		drawn = append(drawn, row[1])
	}
	slices.Sort(drawn)

	s := openTest(t, testOptions())
	useEverything(t, s)
	var found []string
	err = s.file.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			found = append(found, string(name))
			if b.Stats().KeyN == 0 {
				t.Errorf("%s is empty: this test does not use everything", name)
			}
			return b.ForEach(func(k, v []byte) error {
				if v == nil {
					t.Errorf("%s has a bucket in it: %q", name, k)
				}
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(drawn, found); diff != "" {
		t.Errorf("buckets (-drawn +found):\n%s", diff)
	}
	for bucket, want := range map[string][]string{"meta": {"events", "ring", "sessions", "version"}, "keys": {"token"}} {
		if diff := cmp.Diff(want, keysOf(t, s, bucket)); diff != "" {
			t.Errorf("keys in %s (-want +got):\n%s", bucket, diff)
		}
	}
}

func keysOf(t *testing.T, s *Store, bucket string) (keys []string) {
	t.Helper()
	err := s.file.View(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(bucket)).ForEach(func(k, _ []byte) error { keys = append(keys, string(k)); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// The secrets that useEverything gives into a store.
const (
	secretKey    = "c2Vzc2lvbl9rZXkgMTIzNA==" // base64 of the next
	secretKeyRaw = "session_key 1234"
	secretPhone  = "13800138000"
	secretKeys   = "the signing keys of tokens"
)

// useEverything leaves at least one entry in each bucket. Alice was two users, and
// is an administrator now.
func useEverything(t *testing.T, s *Store) store.LoggedIn {
	t.Helper()
	earlier, there, in := login("alice"), loginWith("alice-there", "union-alice"), loginWith("alice", "union-alice")
	there.AppID = otherApp
	in.SessionKey = store.SessionKey{Text: secretKey, GivenAt: begin.Add(time.Minute)}
	in.Profile = &store.Profile{NickName: "Alice in Wonderland"}
	mustLogin(t, s, earlier)
	mustLogin(t, s, there)
	out := mustLogin(t, s, in)
	root := mustLogin(t, s, login("root")).User.ID
	phone := store.Phone{Number: "+86" + secretPhone, PureNumber: secretPhone, CountryCode: "86"}
	change := func([]byte) ([]byte, error) { return []byte(secretKeys), nil }
	ticket := mustOpenScan(t, s)
	err := errors.Join(
		errorOf(s.ClaimScanLogin(t.Context(), ticket.ID, out.Session.ID)),
		errorOf(s.BindPhone(t.Context(), out.User.ID, phone, store.Actor{ID: out.User.ID})),
		errorOf(s.SetRole(t.Context(), out.User.ID, store.RoleAdmin, store.Actor{ID: root})),
		s.UpdateSecret(t.Context(), "token", change),
		s.Withdraw(t.Context(), store.Withdrawal{MessageID: [32]byte{1}, AppID: in.AppID, OpenID: in.OpenID}),
	)
	if err != nil {
		t.Fatal(err)
	}
	out.User = mustUser(t, s, out.User.ID)
	return out
}
