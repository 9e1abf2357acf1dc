package mysql

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"menshen/store"
	"menshen/store/storetest"
)

// shaken is a store that is copied to over a connection which breaks at every COMMIT.
type shaken struct {
	*Store
	t     *testing.T
	wire  *wire
	where cut
}

func (s shaken) cut(step func() error) error {
	s.wire.cutNext(s.where)
	err := step()
	if !s.wire.uncut() {
		s.t.Error("nothing was cut")
	}
	return err
}

func (s shaken) BeginTransfer(ctx context.Context, origin []byte) (begun store.Checkpoint, err error) {
	err = s.cut(func() error {
		begun, err = s.Store.BeginTransfer(ctx, origin)
		return err
	})
	return begun, err
}

func (s shaken) Receive(ctx context.Context, from, to store.Checkpoint, batch store.Batch) error {
	return s.cut(func() error { return s.Store.Receive(ctx, from, to, batch) })
}

func (s shaken) EndTransfer(ctx context.Context) error {
	return s.cut(func() error { return s.Store.EndTransfer(ctx) })
}

// TestTransferWithoutAnswer copies a population, whose every batch must be there once.
func TestTransferWithoutAnswer(t *testing.T) {
	for name, where := range map[string]cut{"before": beforeCommit, "during": duringCommit, "after": afterCommit} {
		t.Run(name, func(t *testing.T) {
			s, w, _ := openTapped(t, testOptions())
			if err := storetest.Populate(t.Context(), shaken{s, t, w, where}, 3); err != nil {
				t.Fatal(err)
			}
			found, err := s.Check(t.Context(), func(problem string) { t.Error(problem) })
			want := store.Inventory{Users: 3, Identities: 1 + 2 + 3, Sessions: 3, AuditEvents: 6}
			if diff := cmp.Diff(want, found); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestInRows makes rows of what differs in its values alone.
func TestInRows(t *testing.T) {
	got := inRows([]statement{
		{"INSERT INTO a (x, y) VALUES (?, ?)", []any{1, 2}},
		{"INSERT INTO b (x) VALUES (?)", []any{3}},
		{"INSERT INTO a (x, y) VALUES (?, ?)", []any{4, 5}},
	})
	want := []statement{
		{"INSERT INTO a (x, y) VALUES (?, ?), (?, ?)", []any{1, 2, 4, 5}},
		{"INSERT INTO b (x) VALUES (?)", []any{3}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(statement{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The copy of a store that many instances share goes over one of them after the other.

func (s *spread) Origin() ([]byte, error) { return s.next().Origin() }

func (s *spread) Snapshot(ctx context.Context, fn func(store.Snapshot) error) error {
	return s.next().Snapshot(ctx, fn)
}

func (s *spread) BeginTransfer(ctx context.Context, origin []byte) (store.Checkpoint, error) {
	return s.next().BeginTransfer(ctx, origin)
}

func (s *spread) Receive(ctx context.Context, from, to store.Checkpoint, batch store.Batch) error {
	return s.next().Receive(ctx, from, to, batch)
}

func (s *spread) EndTransfer(ctx context.Context) error { return s.next().EndTransfer(ctx) }
