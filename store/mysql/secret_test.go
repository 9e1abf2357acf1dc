package mysql

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"testing"

	"menshen/store"
)

// TestTablesHoldNoSecret reads every row of every table as the bytes that are kept.
func TestTablesHoldNoSecret(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	f.sealSomething(s)
	f.need(s.RotateSealing(t.Context()))
	f.sealSomething(s)
	var kept strings.Builder
	for _, table := range (database{DB: f.DB}).tables(t) {
		f.copyRows(&kept, table)
	}
	for _, plain := range []string{"alice", app, "192.0.2.1"} {
		if !strings.Contains(kept.String(), plain) {
			t.Fatalf("%s is in no table: this test looks at the wrong bytes", plain)
		}
	}
	for _, secret := range []string{"key of alice", mobile.Number, "for tokens"} {
		if strings.Contains(kept.String(), secret) {
			t.Errorf("%s is kept in the open", secret)
		}
	}
}

// copyRows writes the values of all rows of a table one behind the other.
func (f *shared) copyRows(kept *strings.Builder, table string) {
	f.Helper()
	rows, err := f.QueryContext(f.Context(), "SELECT * FROM "+table)
	f.need(err)
	defer rows.Close()
	columns, err := rows.Columns()
	f.need(err)
	values, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		f.need(rows.Scan(into...))
		for _, value := range values {
			kept.Write(value)
			kept.WriteByte('\n')
		}
	}
	f.need(rows.Err())
}

// TestSealedValueOpensInItsRecordOnly copies sealed values into the record of somebody
// else.
func TestSealedValueOpensInItsRecordOnly(t *testing.T) {
	f := newShared(t)
	s := f.instance()
	f.sealSomething(s)
	f.enter(s, "bob")
	f.putSecret(s, "other", "another")
	for _, statement := range []string{
		"UPDATE users SET phone = (SELECT phone FROM (SELECT phone FROM users WHERE phone IS NOT NULL) held) WHERE phone IS NULL",
		"UPDATE identities SET session_keys = (SELECT session_keys FROM (SELECT * FROM identities WHERE open_id = 'alice') held) WHERE open_id = 'bob'",
		"UPDATE secrets SET value = (SELECT value FROM (SELECT * FROM secrets WHERE name = 'token') held) WHERE name = 'other'",
	} {
		must(t, f.DB, statement)
	}
	for name, err := range map[string]error{
		"phone number": errorOf(s.UserByIdentity(t.Context(), app, "bob")),
		"session_key":  errorOf(s.SessionKeys(t.Context(), app, "bob")),
		"secret":       errorOf(s.Secret(t.Context(), "other")),
	} {
		if !errors.Is(err, store.ErrDamaged) {
			t.Errorf("the %s of another record: error %v, want %v", name, err, store.ErrDamaged)
		}
	}
	f.opens(s)
}

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
