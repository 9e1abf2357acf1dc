package mysql

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// packet frames a payload of the MySQL wire.
func packet(number byte, payload string) string {
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(payload))|uint32(number)<<24)
	return string(head) + payload
}

// Packets of a server, as MySQL documents Protocol::HandshakeV10 and OK_Packet.
const (
	greetingOfServer = "\x0a8.0.0\x00" + "\x01\x00\x00\x00" + "saltsalt\x00" + "\xff\xf7\xff\x02\x00\x0f\x80\x15" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "saltsaltsalt\x00" + "mysql_native_password\x00"
	everythingIsOK = "\x00\x00\x00\x02\x00\x00\x00"
)

// answerUntil plays a server that finds everything in order, but the nth answer is
// another. It returns when the client hangs up.
func answerUntil(n int, last string, client net.Conn) {
	defer client.Close()
	io.WriteString(client, packet(0, greetingOfServer))
	for i := 0; ; i++ {
		asked, err := readPacket(client)
		if err != nil {
			return
		}
		payload := everythingIsOK
		if i == n {
			payload = last
		}
		io.WriteString(client, packet(asked[3]+1, payload))
	}
}

// TestPacketsCutShort meets servers that cut an answer short: to the password, to what
// begins a connection, to a ping, a statement and a query.
func TestPacketsCutShort(t *testing.T) {
	for n := range 6 {
		for _, answer := range []string{"\xff", "\xff\x15\x04", "\xff\x15\x04#42", "\x00", "\x00\x00\x00"} {
			t.Run(fmt.Sprintf("%d %x", n, answer), func(t *testing.T) {
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer listener.Close()
				done := make(chan struct{})
				go func() {
					defer close(done)
					client, err := listener.Accept()
					if err != nil {
						return
					}
					answerUntil(n, answer, client)
				}()
				if err := work(t.Context(), listener.Addr().String()); !errors.Is(err, mysql.ErrMalformPkt) {
					t.Errorf("%v, want %v", err, mysql.ErrMalformPkt)
				}
				<-done
			})
		}
	}
}

// work does everything that the store does with a server, until something fails.
func work(ctx context.Context, address string) error {
	config := newConfig(new(url.URL))
	config.Addr = address
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(dialer{connector})
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, endByCommit); err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, clusterQuery)
	if err != nil {
		return err
	}
	return rows.Close()
}
