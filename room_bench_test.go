package main

import (
	"bytes"
	"errors"
	"path"
	"testing"

	"go.etcd.io/bbolt"

	"menshen/store/bolt"
	"menshen/store/mysql/mysqltest"
	"menshen/store/storetest"
)

// BenchmarkRoom tells how many bytes of a store a user takes, and an audit event. The
// figures are in docs/operations.md.
func BenchmarkRoom(b *testing.B) {
	const people, events = 100_000, 2 * 100_000 // as storetest.Populate makes them
	for engine, measure := range map[string]func(*testing.B, storeSettings) room{"bolt": roomInFile, "mariadb": roomInDatabase} {
		b.Run(engine, func(b *testing.B) {
			for b.Loop() {
				where := engines[engine](b)
				populate(b, where, people)
				taken := measure(b, where)
				b.ReportMetric(float64(taken.all)/people, "B/user")
				b.ReportMetric(float64(taken.audit)/events, "B/event")
			}
		})
	}
}

func populate(b *testing.B, where storeSettings, people int) {
	b.Helper()
	db, err := openForCopy(b.Context(), where, unfinishedOptions)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(storetest.Populate(b.Context(), db, people), db.Close()); err != nil {
		b.Fatal(err)
	}
}

// room is what a store takes, in bytes.
type room struct{ all, audit int64 }

// roomInFile is that of a file without free pages.
func roomInFile(b *testing.B, where storeSettings) (taken room) {
	b.Helper()
	path, _ := where.Store.boltPath()
	db, err := bolt.Open(path, where.keyFile(), commandOptions)
	if err != nil {
		b.Fatal(err)
	}
	_, taken.all, err = db.Compact(b.Context())
	if err := errors.Join(err, db.Close()); err != nil {
		b.Fatal(err)
	}
	file, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	err = file.View(func(t *bbolt.Tx) error {
		return t.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
			if bytes.HasPrefix(name, []byte("audit")) { // the events and their indexes
				pages := bucket.Stats()
				taken.audit += int64(pages.BranchAlloc + pages.LeafAlloc)
			}
			return nil
		})
	})
	if err != nil {
		b.Fatal(err)
	}
	return taken
}

// roomInDatabase is that of tables whose pages are as full as InnoDB fills them anew.
func roomInDatabase(b *testing.B, where storeSettings) (taken room) {
	b.Helper()
	tables := mysqltest.Shared(b).DB(b, path.Base(string(where.Store)))
	if _, err := tables.ExecContext(b.Context(), "OPTIMIZE TABLE users, former_ids, union_ids, identities, sessions, audit"); err != nil {
		b.Fatal(err)
	}
	err := tables.QueryRowContext(b.Context(), `SELECT SUM(data_length + index_length), SUM(IF(table_name = 'audit', data_length + index_length, 0))
		FROM information_schema.tables WHERE table_schema = DATABASE()`).Scan(&taken.all, &taken.audit)
	if err != nil {
		b.Fatal(err)
	}
	return taken
}
