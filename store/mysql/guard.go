package mysql

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"
)

// wireConn is all that database/sql finds in a connection of the driver.
type wireConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// guarded is a connection of the driver, which panics on packets that are cut short.
// Such a server is left like one that hangs up.
type guarded struct{ wireConn }

// hangUp makes an error of a panic. It is to be deferred.
func (g guarded) hangUp(err *error) {
	if recover() != nil {
		*err = errors.Join(mysql.ErrMalformPkt, g.Close())
	}
}

// Ping asks whether the server answers.
func (g guarded) Ping(ctx context.Context) (err error) {
	defer g.hangUp(&err)
	return g.wireConn.Ping(ctx)
}

// ExecContext sends statements.
func (g guarded) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (result driver.Result, err error) {
	defer g.hangUp(&err)
	return g.wireConn.ExecContext(ctx, text, args)
}

// QueryContext sends queries.
func (g guarded) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (rows driver.Rows, err error) {
	defer g.hangUp(&err)
	rows, err = g.wireConn.QueryContext(ctx, text, args)
	if err != nil {
		return nil, err
	}
	return guardedRows{rows.(driver.RowsNextResultSet), g}, nil
}

// guardedRows are the answers on a guarded connection.
type guardedRows struct {
	driver.RowsNextResultSet
	conn guarded
}

// Next reads a row.
func (r guardedRows) Next(into []driver.Value) (err error) {
	defer r.conn.hangUp(&err)
	return r.RowsNextResultSet.Next(into)
}

// NextResultSet goes on to the next answer.
func (r guardedRows) NextResultSet() (err error) {
	defer r.conn.hangUp(&err)
	return r.RowsNextResultSet.NextResultSet()
}

// Close passes over what was not read.
func (r guardedRows) Close() (err error) {
	defer r.conn.hangUp(&err)
	return r.RowsNextResultSet.Close()
}
