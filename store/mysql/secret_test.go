package mysql

import (
	"context"
	"strconv"
	"testing"
)

// TestUpdateSecretOnTwoInstances counts in a secret: no change is lost, none is made
// twice.
func TestUpdateSecretOnTwoInstances(t *testing.T) {
	const times = 40
	f := newShared(t)
	all := []*Store{f.instance(), f.instance()}
	f.together(times, func(i int) error {
		return all[i%2].UpdateSecret(t.Context(), "count", func(old []byte) ([]byte, error) {
			n, _ := strconv.Atoi(string(old)) // nil at first
			return strconv.AppendInt(nil, int64(n+1), 10), nil
		})
	})
	for _, s := range all {
		value, err := s.Secret(t.Context(), "count")
		f.need(err)
		if string(value) != strconv.Itoa(times) {
			t.Errorf("the secret %q after %d changes", value, times)
		}
	}
}

// TestUpdateSecretRefused returns an error that would ask for another attempt if it
// came from the database.
func TestUpdateSecretRefused(t *testing.T) {
	s := newShared(t).instance()
	calls := 0
	err := s.UpdateSecret(t.Context(), "token", func([]byte) ([]byte, error) {
		calls++
		return nil, context.DeadlineExceeded
	})
	if err != context.DeadlineExceeded || calls != 1 {
		t.Errorf("error %v after %d calls, want the change's own after one", err, calls)
	}
}
