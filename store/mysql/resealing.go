package mysql

import (
	"context"
	"database/sql"
	"fmt"

	"menshen/store"
)

// sealedColumn is a column whose values are sealed.
type sealedColumn struct {
	// read selects the columns of the key and then the value, from a key on.
	read string
	from func(key [][]byte) []any
	// replace puts a value for a key, unless it is no longer the one before.
	replace string
	// record names what the value is sealed for.
	record func(key [][]byte) string
}

// sealedColumns are all there are.
var sealedColumns = []sealedColumn{
	{
		read:    "SELECT name, value FROM secrets WHERE name >= ? ORDER BY name LIMIT ?",
		from:    func(key [][]byte) []any { return []any{key[0]} },
		replace: "UPDATE secrets SET value = ? WHERE name = ? AND value = ?",
		record:  func(key [][]byte) string { return secretRecord(string(key[0])) },
	},
	{
		read: "SELECT app_id, open_id, session_keys FROM identities WHERE app_id = ? AND open_id >= ? OR app_id > ? " +
			"ORDER BY app_id, open_id LIMIT ?",
		from:    func(key [][]byte) []any { return []any{key[0], key[1], key[0]} },
		replace: "UPDATE identities SET session_keys = ? WHERE app_id = ? AND open_id = ? AND session_keys = ?",
		record:  func(key [][]byte) string { return identityRecord(string(key[0]), string(key[1])) },
	},
	{
		read:    "SELECT id, phone FROM users WHERE id >= ? AND phone IS NOT NULL ORDER BY id LIMIT ?",
		from:    func(key [][]byte) []any { return []any{key[0]} },
		replace: "UPDATE users SET phone = ? WHERE id = ? AND phone = ?",
		record:  func(key [][]byte) string { return phoneRecord(store.RawID(key[0]).Text(store.UserPrefix)) },
	},
}

// sealedValue is one of them, with its key.
type sealedValue struct {
	key   [][]byte
	value []byte
}

// resealBatch keeps each transaction short, so that logins go on meanwhile.
const resealBatch = 200

// reseal seals everything with the newest key. older opens what the newest ring no
// longer does.
func (s *Store) reseal(ctx context.Context, older *ring) error {
	for _, column := range sealedColumns {
		from := [][]byte{{}, {}}
		for from != nil {
			next, err := update(ctx, s, "reseal", func(ctx context.Context, t *tx) ([][]byte, error) {
				return t.resealFrom(ctx, column, from, older)
			})
			if err != nil {
				return err
			}
			from = next
		}
	}
	return nil
}

// resealFrom does a batch and returns the key to go on from, nil at the end. Rows are
// not locked: a value that is another by the time of the COMMIT was sealed with the
// newest key by whoever wrote it, and stays.
func (t *tx) resealFrom(ctx context.Context, column sealedColumn, from [][]byte, older *ring) (next [][]byte, err error) {
	batch, err := t.sealedValues(ctx, column, from)
	if err != nil {
		return nil, err
	}
	for _, v := range batch {
		if err := t.resealOne(column, v, older); err != nil {
			return nil, err
		}
	}
	if len(batch) < resealBatch {
		return nil, nil
	}
	next = batch[len(batch)-1].key
	last := len(next) - 1
	next[last] = append(next[last], 0)
	return next, nil
}

func (t *tx) sealedValues(ctx context.Context, column sealedColumn, from [][]byte) (batch []sealedValue, err error) {
	err = t.read(ctx, ask(func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		v := sealedValue{key: make([][]byte, len(columns)-1)}
		into := []any{}
		for i := range v.key {
			into = append(into, &v.key[i])
		}
		err = rows.Scan(append(into, &v.value)...)
		batch = append(batch, v)
		return err
	}, column.read, append(column.from(from), resealBatch)...))
	return batch, err
}

func (t *tx) resealOne(column sealedColumn, v sealedValue, older *ring) error {
	if t.ring.IsCurrent(v.value) {
		return nil
	}
	record := column.record(v.key)
	plain, err := t.ring.Open(v.value, record)
	if err != nil {
		plain, err = older.Open(v.value, record)
	}
	if err != nil {
		return fmt.Errorf("%w: a sealed value: %w", store.ErrDamaged, err)
	}
	fresh, err := t.ring.Seal(plain, record)
	if err != nil {
		return err
	}
	args := []any{fresh}
	for _, part := range v.key {
		args = append(args, part)
	}
	t.write(column.replace, append(args, v.value)...)
	return nil
}
