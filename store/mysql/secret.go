package mysql

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"menshen/store"
)

// Secret returns what is kept under a name, nil when there is nothing.
func (s *Store) Secret(ctx context.Context, name string) (value []byte, err error) {
	err = s.view(ctx, "secret", func(ctx context.Context, t *tx) error {
		kept, err := t.secret(ctx, name)
		value = kept.value
		return err
	})
	return value, err
}

// errRefused stands for the error of a change, which must not pass for one of the
// database.
var errRefused = errors.New("mysql: the change was refused")

// UpdateSecret replaces what is kept under a name by what change makes of it. The
// row names the call that wrote it: one whose COMMIT got no answer knows its own.
func (s *Store) UpdateSecret(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	var call store.RawID
	rand.Read(call[:])
	var refusal error
	err := s.change(ctx, "update_secret", func(ctx context.Context, t *tx) error {
		kept, err := t.secret(ctx, name)
		if err != nil || kept.writtenBy == call {
			return err
		}
		var fresh []byte
		if fresh, refusal = change(kept.value); refusal != nil {
			return errRefused
		}
		return t.putSecret(name, fresh, kept.known, call)
	})
	if errors.Is(err, errRefused) {
		return refusal
	}
	return err
}

// keptSecret is a row of secrets; known when there is one.
type keptSecret struct {
	value     []byte
	writtenBy store.RawID
	known     bool
}

func secretRecord(name string) string { return "secrets/" + name }

func (t *tx) secret(ctx context.Context, name string) (kept keptSecret, err error) {
	err = t.read(ctx, ask(func(rows *sql.Rows) error {
		var sealed []byte
		if err := rows.Scan(&sealed, rawID{&kept.writtenBy}); err != nil {
			return err
		}
		kept.known = true
		kept.value, err = t.openSecret(name, sealed)
		return err
	}, "SELECT value, written_by FROM secrets WHERE name = ?"+t.forUpdate(), []byte(name)))
	return kept, err
}

func (t *tx) openSecret(name string, sealed []byte) ([]byte, error) {
	value, err := t.ring.Open(sealed, secretRecord(name))
	if err != nil {
		return nil, fmt.Errorf("%w: secret %s: %w", store.ErrDamaged, name, err)
	}
	return value, nil
}

func (t *tx) putSecret(name string, value []byte, known bool, call store.RawID) error {
	sealed, err := t.ring.Seal(value, secretRecord(name))
	if err != nil {
		return err
	}
	statement := "UPDATE secrets SET value = ?, written_by = ? WHERE name = ?"
	if !known {
		statement = "INSERT INTO secrets (value, written_by, name) VALUES (?, ?, ?)"
	}
	t.write(statement, sealed, call[:], []byte(name))
	return nil
}
