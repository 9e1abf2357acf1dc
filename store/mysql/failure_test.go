package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"

	"menshen/store"
)

func TestRemedy(t *testing.T) {
	for _, failed := range []struct {
		err  error
		want remedy
	}{
		{store.ErrNotFound, giveUp},
		{fmt.Errorf("%w: a record", store.ErrDamaged), giveUp},
		{errors.New("of a caller's function"), giveUp},
		{&mysql.MySQLError{Number: 1064}, giveUp}, // a statement that does not parse
		{unreached{&mysql.MySQLError{Number: 1045}}, giveUp},
		{&mysql.MySQLError{Number: 1213}, again},
		{&mysql.MySQLError{Number: errDuplicate}, again},
		{&mysql.MySQLError{Number: 9007}, again},
		{&mysql.MySQLError{Number: 1047}, elsewhere},
		{&mysql.MySQLError{Number: 1180}, elsewhere},
		{unreached{&mysql.MySQLError{Number: 1040}}, elsewhere},
		{unreached{errors.New("whatever the driver says")}, elsewhere},
		{fmt.Errorf("read: %w", driver.ErrBadConn), elsewhere},
		{&net.OpError{Op: "read", Err: io.EOF}, elsewhere},
		{context.DeadlineExceeded, elsewhere},
	} {
		if got := remedyFor(failed.err); got != failed.want {
			t.Errorf("%v: remedy %d, want %d", failed.err, got, failed.want)
		}
	}
}

// TestFailureHidesWords expects none of the words of a server, which may repeat a
// value of the statement.
func TestFailureHidesWords(t *testing.T) {
	const words = "Duplicate entry '13800138000' for key 'by_phone'"
	for _, failed := range []struct {
		err  error
		want string
	}{
		{&mysql.MySQLError{Number: 1062, Message: words}, "store: unavailable: error 1062 of the database"},
		{&mysql.MySQLError{Number: 1064, SQLState: [5]byte([]byte("42000")), Message: words}, "mysql: error 1064 of the database (SQLSTATE 42000)"},
		{unreached{&mysql.MySQLError{Number: 1045, Message: words}}, "mysql: the server refuses the user or the password (error 1045 of the database)"},
		{&net.OpError{Op: "read", Err: errors.New(words)}, "store: unavailable: no server answered in time, or no connection was free"},
		{unreached{errors.New(words)}, "store: unavailable: no server answers; of the last that was tried: it hangs up"},
		{
			unreached{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}},
			"store: unavailable: no server answers; of the last that was tried: its certificate does not verify",
		},
	} {
		if got := failureOf(t.Context(), failed.err); got.Error() != failed.want {
			t.Errorf("%v: %q, want %q", failed.err, got, failed.want)
		}
	}
}

func TestUndecided(t *testing.T) {
	for _, answer := range []struct {
		err  error
		want bool
	}{
		{&mysql.MySQLError{Number: 1213}, false}, // a lost certification
		{&mysql.MySQLError{Number: 1305}, false}, // a savepoint that is gone
		{&mysql.MySQLError{Number: 1047}, true},
		{driver.ErrBadConn, false}, // nothing was sent
		{&mysql.MySQLError{Number: 8501}, true},
		{mysql.ErrInvalidConn, true},
		{context.DeadlineExceeded, true},
	} {
		if got := undecided(answer.err); got != answer.want {
			t.Errorf("%v: undecided %v, want %v", answer.err, got, answer.want)
		}
	}
}
