package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/go-sql-driver/mysql"

	"menshen/store"
)

// remedy is what a failed transaction asks for.
type remedy int

const (
	giveUp    remedy = iota // the statement is wrong, or the store is
	again                   // on the same server: another transaction was in the way
	elsewhere               // on another server: this one cannot work now
)

// The numbers of errors, from MySQL's error reference, MariaDB's, and TiDB's page
// on error codes.
const errDuplicate = 1062

// inTheWay are those of a transaction that lost against another and was rolled
// back: a deadlock or a lost certification (1213), a lock that took too long
// (1205), a row or a table that has changed since the snapshot (1020, 1412), a
// savepoint that went with it (1305), a unique key that somebody else has just taken
// (1062: the next attempt finds it); TiDB's write conflicts and changed schemas.
var inTheWay = []uint16{1020, 1205, 1213, 1305, 1412, errDuplicate, 8002, 8022, 8028, 9007}

// unfit are those of a server that cannot work now: not in the primary component
// of its cluster (1047), emptied (1146), shutting down or hanging up (1053, 1317,
// 1927, 3169, 4031), full of connections (1040, 1203), TiDB without its storage
// (9001 to 9006), one whose COMMIT failed half-way (1180, TiDB's 8501).
var unfit = []uint16{1040, 1047, 1053, 1146, 1180, 1203, 1317, 1927, 3169, 4031, 8501, 9001, 9002, 9003, 9004, 9005, 9006}

// errTaken is a unique key that is taken for good: trying again does not help.
var errTaken = fmt.Errorf("mysql: a key is taken (error %d of the database)", errDuplicate)

func isDuplicate(err error) bool {
	refused := new(mysql.MySQLError)
	return errors.As(err, &refused) && refused.Number == errDuplicate
}

// hints say what an operator can do about those of a database that was set up in
// another way than the URL says.
var hints = map[uint16]string{
	1044: "the user has no right to the database",
	1045: "the server refuses the user or the password",
	1049: "the database does not exist: create it first",
	1054: "a table is not of Menshen's making: give Menshen a database of its own",
	1130: "the server lets nobody in from this machine",
	1142: "the user lacks a right in the database: docs/operations.md lists those it needs",
	1698: "the server refuses the user or the password",
	3159: "the server wants TLS: add ?tls=true to the URL",
}

// remedyFor tells what may help. What is neither ours nor the server's comes from
// the wire: a connection that broke, a server that fell silent.
func remedyFor(err error) remedy {
	refused := new(mysql.MySQLError)
	switch {
	case ours(err):
		return giveUp
	case !errors.As(err, &refused):
		return elsewhere
	case slices.Contains(inTheWay, refused.Number):
		return again
	case slices.Contains(unfit, refused.Number), slices.Contains(writeRefusals, refused.Number):
		return elsewhere
	}
	return giveUp
}

// undecided reports whether a transaction may have been committed although its
// COMMIT, or what went before it, came back with err: the server may have been
// killed, or cut off from its cluster, on its way through the COMMIT. It has rolled
// back what was in another's way.
func undecided(err error) bool {
	refused := new(mysql.MySQLError)
	if !errors.As(err, &refused) {
		return !errors.Is(err, driver.ErrBadConn) // which the driver says only when nothing was sent
	}
	return !slices.Contains(inTheWay, refused.Number)
}

// failureOf names an error for those who call a Store. A context that ended is
// told as it is. The server's own words may repeat values, so they are left out.
func failureOf(ctx context.Context, err error) error {
	if err == nil || ours(err) {
		return err
	}
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	refused, unmade := new(mysql.MySQLError), unreached{}
	switch {
	case errors.As(err, &refused):
		return refusal(refused)
	case errors.As(err, &unmade):
		return fmt.Errorf("%w: no server answers; of the last that was tried: %s", store.ErrUnavailable, unmade.reason())
	}
	return fmt.Errorf("%w: no server answered in time, or no connection was free", store.ErrUnavailable)
}

func refusal(e *mysql.MySQLError) error {
	if remedyFor(e) != giveUp {
		return fmt.Errorf("%w: error %d of the database", store.ErrUnavailable, e.Number)
	}
	if hint, ok := hints[e.Number]; ok {
		return fmt.Errorf("mysql: %s (error %d of the database)", hint, e.Number)
	}
	return fmt.Errorf("mysql: error %d of the database (SQLSTATE %s)", e.Number, e.SQLState[:])
}

// broken are the errors of a connection that is of no use any more.
var broken = []error{
	driver.ErrBadConn, sql.ErrConnDone, mysql.ErrInvalidConn, mysql.ErrMalformPkt, mysql.ErrPktSync, mysql.ErrPktSyncMul, mysql.ErrBusyBuffer,
	io.EOF, io.ErrUnexpectedEOF, context.DeadlineExceeded, context.Canceled,
}

// ours reports whether an error comes from a verb, not from the database.
func ours(err error) bool {
	refused, network, unmade := new(mysql.MySQLError), net.Error(nil), unreached{}
	return !errors.As(err, &refused) && !errors.As(err, &network) && !errors.As(err, &unmade) &&
		!slices.ContainsFunc(broken, func(b error) bool { return errors.Is(err, b) })
}
