package mysql

import (
	"context"
	"sync"

	"menshen/store"
)

// lockWaits is how many transactions of the server wait for a lock now.
const lockWaits = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'"

// begin runs a call and returns when it waits for a lock.
func (f *shared) begin(call func() error) (done <-chan error) {
	f.Helper()
	answer := make(chan error, 1)
	go func() { answer <- call() }()
	waitFor(f.T, "a transaction to wait", func() bool { return f.count(lockWaits) > 0 })
	return answer
}

// duringLogin has a call wait for a login that is about to be committed, and returns
// what the call answers after it.
func (f *shared) duringLogin(s *Store, in store.Login, call func() error) error {
	f.Helper()
	var done <-chan error
	begin := sync.OnceFunc(func() { done = f.begin(call) })
	f.need(errorOf(update(f.Context(), s, "login", func(ctx context.Context, t *tx) (store.LoggedIn, error) {
		out, err := t.login(ctx, in)
		begin()
		return out, err
	})))
	return <-done
}
