package mysql

import (
	"context"
	"errors"
	"testing"

	"menshen/store"
)

// TestPanicRollsBack has a caller's function panic in a transaction, whose connection
// is the only one.
func TestPanicRollsBack(t *testing.T) {
	f := newShared(t)
	f.url += "?connections=1"
	s := f.instance()
	keep := func([]byte) ([]byte, error) { return []byte("secret"), nil }
	f.need(s.UpdateSecret(t.Context(), "token", keep))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		s.UpdateSecret(t.Context(), "token", func([]byte) ([]byte, error) { panic("a caller's") })
	}()
	f.exec("SELECT name FROM secrets FOR UPDATE NOWAIT") // nobody holds it
	f.need(s.UpdateSecret(t.Context(), "token", keep))
}

// TestViewWithoutItsCaller reads on for a caller who has left: the connection would not
// survive the end of the query.
func TestViewWithoutItsCaller(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	f.enter(s, "alice")
	ctx, leave := context.WithCancel(t.Context())
	n := 0
	f.need(s.view(ctx, "test", func(ctx context.Context, t *tx) (err error) {
		leave()
		n, err = t.sum(ctx, countSessions, "")
		return err
	}))
	if n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
}

// TestDuplicateForGood brings a session id that is there, which trying again and telling
// the caller to come again would not mend.
func TestDuplicateForGood(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	in := coming(app, "alice", "")
	mustLogin(t, s, in)
	if _, err := s.Login(t.Context(), in); !errors.Is(err, errTaken) || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("the same session begins twice: %v", err)
	}
}
