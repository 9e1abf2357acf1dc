package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"menshen/store"
	"menshen/store/seal"
)

const (
	// migrationLease is how long after its last sign the instance that migrates is
	// thought dead, and another takes over.
	migrationLease = time.Minute
	// migrationTimeout ends a statement of a migration before the lease does.
	migrationTimeout = migrationLease - 10*time.Second
	// migrationAttempts is how often an instance begins again what has failed for a
	// reason that may pass.
	migrationAttempts = 5
)

// errMigrating is another instance at work.
var errMigrating = errors.New("mysql: another instance migrates")

// errOccupied is a database whose tables might have the names of ours.
var errOccupied = errors.New("mysql: the database holds tables of another program: give Menshen a database of its own")

// migrate brings the database to the newest version. Of all instances that start at
// once, one does it; the others wait.
func (s *Store) migrate(ctx context.Context) error {
	for failures := 0; ; {
		version, err := s.version(ctx)
		switch {
		case err != nil:
			return err
		case version > len(migrations):
			return store.ErrNewer
		case version == len(migrations):
			return nil
		case version == 0 && s.options.Existing:
			return fmt.Errorf("%w in the database", store.ErrNoStore)
		}
		err = s.step(ctx, version)
		switch {
		case err == nil:
			continue
		case errors.Is(err, errMigrating):
		case remedyFor(err) == giveUp || failures == migrationAttempts:
			return failureOf(ctx, err)
		default:
			failures++
		}
		if err := pause(ctx, maxPauses); err != nil {
			return err
		}
	}
}

// version reads the version of the database: 0 for one that is empty, or in which
// the first migration is not done.
func (s *Store) version(ctx context.Context) (version int, err error) {
	err = s.try(ctx, func(ctx context.Context, one *server) error {
		version, err = one.version(ctx)
		if isNew(err) {
			return one.expectEmpty(ctx)
		}
		return err
	})
	return version, err
}

// version fails as isNew says when there is no store.
func (s *server) version(ctx context.Context) (version int, err error) {
	var value []byte
	err = s.pool.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'schema'").Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if version, err = strconv.Atoi(string(value)); err != nil || version < 0 {
		return 0, fmt.Errorf("%w: the version of the database does not read", store.ErrDamaged)
	}
	return version, nil
}

// isNew reports whether an error says that there is no table of ours yet.
func isNew(err error) bool {
	const errNoTable = 1146
	refused := new(mysql.MySQLError)
	return errors.As(err, &refused) && refused.Number == errNoTable
}

// expectEmpty refuses a database that is neither empty nor ours. The table meta is
// made first, so where another instance has made any of ours by now, it is there.
func (s *server) expectEmpty(ctx context.Context) error {
	var tables int
	err := s.pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&tables)
	if err != nil || tables == 0 {
		return err
	}
	if _, err := s.version(ctx); !isNew(err) {
		return err
	}
	return errOccupied
}

// step runs one migration, unless another instance does.
func (s *Store) step(ctx context.Context, version int) error {
	var one *server
	err := s.try(ctx, func(ctx context.Context, at *server) error {
		one = at
		return s.beginStep(ctx, one, version)
	})
	if err != nil {
		return err
	}
	for _, statement := range migrations[version] {
		if err := s.migrateWith(ctx, one, statement); err != nil {
			return err
		}
	}
	if version == 0 {
		if err := s.makeRing(ctx, one); err != nil {
			return err
		}
	}
	return s.endStep(ctx, one, version)
}

// serverNow is the database's time in milliseconds.
const serverNow = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"

// beginStep makes this instance the one that migrates, as long as the database has
// the version that it had.
func (s *Store) beginStep(ctx context.Context, one *server, version int) error {
	if _, err := one.slow.ExecContext(ctx, metaTable); err != nil {
		return err
	}
	if _, err := one.slow.ExecContext(ctx, "INSERT IGNORE INTO meta (name, value, version) VALUES ('migrating', '', 0), ('schema', '0', 0)"); err != nil {
		return err
	}
	if err := s.leadStep(ctx, one); err != nil {
		return err
	}
	switch by, err := one.version(ctx); {
	case err != nil:
		return err
	case by != version:
		return errMigrating
	}
	return nil
}

// leadStep takes the lead, or keeps it. The row always changes, for what has not
// changed is not counted.
func (s *Store) leadStep(ctx context.Context, one *server) error {
	taken, err := one.slow.ExecContext(ctx, "UPDATE meta SET value = ?, version = GREATEST("+serverNow+" + ?, version + 1) WHERE name = 'migrating' AND (version < "+serverNow+" OR value = ?)",
		s.instance[:], migrationLease.Milliseconds(), s.instance[:])
	if err != nil {
		return err
	}
	if n, err := taken.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errMigrating)
	}
	return nil
}

// migrateWith runs one statement of a migration.
func (s *Store) migrateWith(ctx context.Context, one *server, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, migrationTimeout)
	defer cancel()
	if err := s.leadStep(ctx, one); err != nil {
		return err
	}
	_, err := one.slow.ExecContext(ctx, statement)
	return err
}

// makeRing gives a new store its ring.
func (s *Store) makeRing(ctx context.Context, one *server) error {
	fresh, err := seal.NewRing()
	if err != nil {
		return err
	}
	sealed, err := fresh.Marshal(s.key)
	if err != nil {
		return err
	}
	_, err = one.slow.ExecContext(ctx, "INSERT IGNORE INTO meta (name, value, version) VALUES ('ring', ?, ?)", sealed, newVersion())
	return err
}

// endStep notes the new version and lets others take the lead.
func (s *Store) endStep(ctx context.Context, one *server, version int) error {
	_, err := one.slow.ExecContext(ctx, "UPDATE meta SET value = ? WHERE name = 'schema' AND value = ?; "+
		"UPDATE meta SET version = 0 WHERE name = 'migrating' AND value = ?",
		[]byte(strconv.Itoa(version+1)), []byte(strconv.Itoa(version)), s.instance[:])
	return err
}
