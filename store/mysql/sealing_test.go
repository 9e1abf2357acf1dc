package mysql

import (
	"context"
	"slices"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/seal"
)

var mobile = store.Phone{Number: "13800138000", PureNumber: "13800138000", CountryCode: "86"}

// sealSomething leaves a value in each column that is sealed.
func (f *shared) sealSomething(s *Store) {
	f.Helper()
	alice := f.enter(s, "alice").User.ID
	_, err := s.BindPhone(f.Context(), alice, mobile, store.Actor{})
	f.need(err)
	f.putSecret(s, "token", "for tokens")
}

func (f *shared) putSecret(s *Store, name, value string) {
	f.Helper()
	f.need(s.UpdateSecret(f.Context(), name, func([]byte) ([]byte, error) { return []byte(value), nil }))
}

// opens checks that an instance reads what sealSomething left.
func (f *shared) opens(s *Store) {
	f.Helper()
	keys, err := s.SessionKeys(f.Context(), app, "alice")
	f.need(err)
	value, err := s.Secret(f.Context(), "token")
	f.need(err)
	user, err := s.UserByPhone(f.Context(), mobile)
	f.need(err)
	if keys[0].Text != "key of alice" || string(value) != "for tokens" || !user.Phone.Same(mobile) {
		f.Errorf("opened %d session_keys, %q, %v", len(keys), value, user.Phone.Same(mobile))
	}
}

// keyIDs are the sealing keys that an instance knows.
func (f *shared) keyIDs(s *Store) (ids []string) {
	f.Helper()
	keys, err := s.SealingKeys(f.Context())
	f.need(err)
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	return ids
}

// TestRingIsShared rotates and prunes on one instance while another works with the
// ring that it fetched before.
func TestRingIsShared(t *testing.T) {
	f := newShared(t)
	a, b := f.instance(), f.instance()
	f.sealSomething(a)
	f.opens(b)
	f.need(b.RotateSealing(t.Context()))
	f.putSecret(b, "token", "for tokens")
	f.opens(a)
	if !slices.Equal(f.keyIDs(a), f.keyIDs(b)) || len(f.keyIDs(a)) != 2 {
		t.Errorf("keys %q and %q after a rotation", f.keyIDs(a), f.keyIDs(b))
	}
	pruned, err := a.PruneSealing(t.Context())
	f.need(err)
	if len(pruned) != 1 || slices.Contains(f.keyIDs(b), pruned[0]) {
		t.Errorf("pruned %q, and there are %q", pruned, f.keyIDs(b))
	}
	f.putSecret(b, "token", "for tokens")
	for _, s := range []*Store{a, b, f.instance()} {
		f.opens(s)
	}
}

func TestRotateOnTwoInstances(t *testing.T) {
	f := newShared(t)
	all := []*Store{f.instance(), f.instance()}
	f.sealSomething(all[0])
	f.together(6, func(i int) error { return all[i%2].RotateSealing(t.Context()) })
	if ids := f.keyIDs(all[0]); len(ids) != 7 {
		t.Errorf("%d keys after 6 rotations of one", len(ids))
	}
	f.together(4, func(i int) error { return errorOf(all[i%2].PruneSealing(t.Context())) })
	if ids := f.keyIDs(all[1]); len(ids) != 1 {
		t.Errorf("keys %q after the prunes", ids)
	}
	f.opens(f.instance())
}

// TestPruneWaits does not forget a key that a transaction may still seal with.
func TestPruneWaits(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	f.need(s.RotateSealing(t.Context()))
	s.settling = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := s.PruneSealing(ctx)
	f.refused(err, context.DeadlineExceeded)
	if ids := f.keyIDs(s); len(ids) != 2 {
		t.Errorf("keys %q, want both", ids)
	}
	f.exec("UPDATE meta SET version = version - ? WHERE name = 'rotated'", time.Hour.Milliseconds())
	pruned, err := s.PruneSealing(t.Context())
	if err != nil || len(pruned) != 1 {
		t.Errorf("pruned %q, %v, when the rotation is an hour old", pruned, err)
	}
}

// TestPruneReachesWhatCameLate has a server commit, after the older key is forgotten,
// what it was sent before the rotation.
func TestPruneReachesWhatCameLate(t *testing.T) {
	f := newShared(t)
	a, b := f.instance(), f.instance()
	f.sealSomething(a)
	begun, overtaken, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		done <- b.change(t.Context(), "late", func(ctx context.Context, tx *tx) error {
			if err := tx.read(ctx); err != nil {
				return err
			}
			begun <- true
			<-overtaken
			return tx.putSecret("late", []byte("sealed with the older key"), false, store.RawID{})
		})
	}()
	<-begun
	f.need(a.RotateSealing(t.Context()))
	newest, err := a.settledRing(t.Context())
	f.need(err)
	f.need(a.reseal(t.Context(), newest))
	f.need(a.forgetOlderKeys(t.Context(), newest))
	overtaken <- true
	f.need(<-done)
	f.need(a.reseal(t.Context(), newest))
	value, err := f.instance().Secret(t.Context(), "late")
	if string(value) != "sealed with the older key" || err != nil {
		t.Errorf("%q, %v", value, err)
	}
	f.opens(b)
}

// TestPruneDoesNotForgetForOthers has another instance rotate while one prunes.
func TestPruneDoesNotForgetForOthers(t *testing.T) {
	f := newShared(t)
	a, b := f.instance(), f.instance()
	f.need(a.RotateSealing(t.Context()))
	known, err := a.settledRing(t.Context())
	f.need(err)
	f.need(b.RotateSealing(t.Context()))
	f.refused(a.forgetOlderKeys(t.Context(), known), errStaleRing)
	if ids := f.keyIDs(b); len(ids) != 3 {
		t.Errorf("keys %q, want all three", ids)
	}
}

func TestDamagedValueStopsAPrune(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	f.sealSomething(s)
	f.need(s.RotateSealing(t.Context()))
	f.exec("UPDATE secrets SET value = CONCAT(value, 'x')")
	_, err := s.PruneSealing(t.Context())
	f.refused(err, store.ErrDamaged)
	if ids := f.keyIDs(s); len(ids) != 2 {
		t.Errorf("keys %q, want both", ids)
	}
}

// TestOlderRingComesBack has the database fail over to a copy that the last rotation
// had not reached.
func TestOlderRingComesBack(t *testing.T) {
	f := newShared(t)
	a, b := f.instance(), f.instance()
	f.sealSomething(a)
	var older []byte
	var version int64
	f.need(f.QueryRow("SELECT value, version FROM meta WHERE name = 'ring'").Scan(&older, &version))
	f.need(a.RotateSealing(t.Context()))
	f.opens(b)
	f.exec("UPDATE meta SET value = ?, version = ? WHERE name = 'ring'", older, version)
	f.sealSomething(a)
	f.need(b.RotateSealing(t.Context()))
	f.sealSomething(a)
	for _, s := range []*Store{a, b, f.instance()} {
		f.opens(s)
	}
}

// TestStoreIsMadeAnew under an instance that runs on: the database is emptied, and
// another instance begins a new store in it.
func TestStoreIsMadeAnew(t *testing.T) {
	f := newShared(t)
	a := f.instance()
	f.sealSomething(a)
	database{DB: f.DB}.empty(t)
	b := f.instance()
	f.sealSomething(a)
	for _, s := range []*Store{a, b} {
		f.opens(s)
	}
}

func TestKeyFileOfAnotherStore(t *testing.T) {
	f := newShared(t)
	f.instance()
	_, err := Open(t.Context(), f.url, newKey(t), testOptions())
	f.refused(err, seal.ErrWrongKey)
}
