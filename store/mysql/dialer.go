package mysql

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/go-sql-driver/mysql"
)

// dialer makes connections, and tells one that could not be made from a statement
// that failed.
type dialer struct{ driver.Connector }

// unreached is a server to which no connection could be made.
type unreached struct{ error }

// Unwrap returns what the driver says.
func (u unreached) Unwrap() error { return u.error }

// Connect makes a connection.
func (d dialer) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, unreached{err}
	}
	if err := catchUp(ctx, conn); err != nil {
		return nil, errors.Join(unreached{err}, conn.Close())
	}
	return conn, nil
}

// connect survives the driver's panics at packets that are cut short.
func (d dialer) connect(ctx context.Context) (conn guarded, err error) {
	var dialled net.Conn
	defer func() {
		if recover() != nil {
			err = mysql.ErrMalformPkt
		}
		if err != nil && dialled != nil {
			dialled.Close()
		}
	}()
	made, err := d.Connector.Connect(context.WithValue(ctx, dialledKey{}, &dialled))
	if err != nil {
		return conn, err
	}
	return guarded{made.(wireConn)}, nil
}

// dialledKey is where dial leaves its connection, to be closed by whom the driver fails.
type dialledKey struct{}

// clusterQuery names the node of a cluster that may lag: empty but on Galera.
const clusterQuery = "SHOW VARIABLES LIKE 'wsrep_on'"

// catchUp has a Galera node wait, before it reads, for what other nodes have
// acknowledged: a logout, a block, a rotated token.
func catchUp(ctx context.Context, conn guarded) error {
	rows, err := conn.QueryContext(ctx, clusterQuery, nil)
	if err != nil {
		return err
	}
	variable := make([]driver.Value, len(rows.Columns()))
	err = rows.Next(variable)
	if closeErr := rows.Close(); closeErr != nil {
		return closeErr
	}
	if err == io.EOF {
		return nil
	}
	if on, _ := variable[len(variable)-1].([]byte); err != nil || string(on) != "ON" {
		return err
	}
	_, err = conn.ExecContext(ctx, "SET SESSION wsrep_sync_wait = 1", nil)
	return err
}

// reason tells an operator why a server was not reached, without the driver's words.
func (u unreached) reason() string {
	network := net.Error(nil)
	switch {
	case errors.As(u, new(*tls.CertificateVerificationError)):
		return "its certificate does not verify"
	case errors.Is(u, mysql.ErrNoTLS):
		return "it offers no TLS, which the URL asks for"
	case errors.As(u, new(*net.DNSError)):
		return "its name does not resolve"
	case errors.Is(u, syscall.ECONNREFUSED):
		return "it refuses connections"
	case errors.Is(u, context.DeadlineExceeded), errors.As(u, &network) && network.Timeout():
		return "it says nothing"
	case errors.Is(u, mysql.ErrMalformPkt), errors.Is(u, mysql.ErrPktSync), errors.Is(u, mysql.ErrOldProtocol):
		return "it does not speak the MySQL wire"
	case errors.Is(u, mysql.ErrUnknownPlugin), errors.Is(u, mysql.ErrCleartextPassword), errors.Is(u, mysql.ErrOldPassword):
		return "it wants a password in a way that is not supported"
	}
	return "it hangs up"
}
