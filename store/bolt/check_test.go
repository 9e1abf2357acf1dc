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

func TestCheckTells(t *testing.T) {
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) { tells(t, b) })
	}
}

// TestCheckTellsOfIndexes takes an entry from each index, changes one, and adds one.
func TestCheckTellsOfIndexes(t *testing.T) {
	for _, bucket := range indexes {
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
	root, err := s.UserByIdentity(t.Context(), app, "root")
	if err != nil {
		t.Fatal(err)
	}
	var event, ticket string
	err = s.file.Update(func(bt *bbolt.Tx) error {
		tx := s.newTx(bt, s.ring.Load())
		event = tx.firstOf(bucketAudit).Text(store.EventPrefix)
		ticket = tx.firstOf(bucketScanLogins).Text(store.ScanLoginPrefix)
		return b.breakIt(tx, alice)
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := strings.NewReplacer("USER", alice.User.ID, "SESSION", alice.Session.ID, "ROOT", root.ID, "EVENT", event, "TICKET", ticket)
	want := ids.Replace(b.says)
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
	if err := s.file.Update(func(tx *bbolt.Tx) error { return damaged(tx.Bucket(bucketUsers), damages["halved"]) }); err != nil {
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
