package mysql

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// target is what a URL names: some servers that hold one database.
type target struct {
	addresses []string // the preferred one first
	config    *mysql.Config
	pool      int // connections to each server, at most
}

// The port of the MySQL wire, and how many connections each instance holds at most
// to one server unless the URL says otherwise.
const (
	defaultPort = "3306"
	defaultPool = 32
	maxPool     = 1000
)

// databaseName is one that needs no quotes, but for the dash.
var databaseName = regexp.MustCompile(`^[\w$-]+$`)

const (
	dialTimeout = 2 * time.Second
	// wireTimeout is how long a server may be silent. One that is stopped accepts
	// connections and answers nothing; one that is cut off does not even end those it has.
	wireTimeout = 5 * time.Second
)

// parseURL reads mysql://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?tls=…&connections=….
// Its errors hold nothing of the URL, which has a password in it.
func parseURL(text string) (target, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	if scheme != "mysql" {
		return target{}, errors.New("the URL does not begin with mysql://")
	}
	end := strings.IndexAny(rest, "/?") // net/url takes one host only
	at := strings.LastIndex(rest[:max(end, 0)], "@")
	if end < 0 || at < 0 {
		return target{}, errors.New("the URL must be mysql://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	u, err := url.Parse("mysql://" + rest[:at] + "@host" + rest[end:])
	if err != nil {
		return target{}, errors.New("the URL must be mysql://USER:PASSWORD@HOST:PORT/DATABASE, with reserved characters of the password written as %XX")
	}
	addresses, err := parseAddresses(rest[at+1 : end])
	if err != nil {
		return target{}, err
	}
	t := target{addresses: addresses, config: newConfig(u), pool: defaultPool}
	if t.config.DBName == "" || strings.Contains(t.config.DBName, "/") {
		return target{}, errors.New("the URL names no database: it must end in /DATABASE")
	}
	if !databaseName.MatchString(t.config.DBName) { // it may be the end of a password with a bare / in it
		return target{}, errors.New("the database in the URL must have a name of letters, digits, -, _ and $; reserved characters of the password are written as %XX")
	}
	if t.config.User == "" {
		return target{}, errors.New("the URL names no user: it must be mysql://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	return t, t.apply(u.RawQuery)
}

// newConfig is how every connection is made. The driver writes the arguments into
// the statements, so that a transaction needs no round trip to prepare them; the
// server's mode is set, since what must be escaped depends on it; and its time zone,
// since in UTC no hour comes twice.
func newConfig(u *url.URL) *mysql.Config {
	c := mysql.NewConfig()
	c.User = u.User.Username()
	c.Passwd, _ = u.User.Password()
	c.Net, c.DialFunc = "tcp", dial
	c.DBName = strings.TrimPrefix(u.Path, "/")
	c.Collation = "utf8mb4_bin"
	c.InterpolateParams = true
	c.MultiStatements = true
	c.Timeout, c.ReadTimeout, c.WriteTimeout = dialTimeout, wireTimeout, wireTimeout
	c.Logger = &mysql.NopLogger{}
	c.Params = map[string]string{
		"sql_mode":                 "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"time_zone":                "'+00:00'",
		"innodb_lock_wait_timeout": "4", // seconds, less than wireTimeout
	}
	return c
}

// apply sets what the URL says behind the question mark. What does not read must not
// be passed over: it may have asked for TLS.
func (t *target) apply(rawQuery string) error {
	query, err := url.ParseQuery(rawQuery)
	for name, values := range query {
		if name != "tls" && name != "connections" || len(values) > 1 {
			err = errUnknownOption
		}
	}
	if err != nil {
		return errUnknownOption
	}
	if query.Has("tls") {
		t.config.TLSConfig = query.Get("tls")
		if !slices.Contains([]string{"true", "preferred", "skip-verify", "false"}, t.config.TLSConfig) {
			return errors.New("tls in the URL must be true, preferred, skip-verify or false")
		}
	}
	if query.Has("connections") {
		if t.pool, err = strconv.Atoi(query.Get("connections")); err != nil || t.pool < 1 || t.pool > maxPool {
			return fmt.Errorf("connections in the URL must be from 1 to %d", maxPool)
		}
	}
	return nil
}

var errUnknownOption = errors.New("the URL may say tls=… and connections=… behind the question mark, each once, nothing else")

func parseAddresses(list string) (addresses []string, err error) {
	for address := range strings.SplitSeq(list, ",") {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			host, port = strings.Trim(address, "[]"), defaultPort
		}
		_, notIP := netip.ParseAddr(host)
		number, err := strconv.ParseUint(port, 10, 16)
		if host == "" || err != nil || number == 0 || notIP != nil && strings.ContainsAny(host, ":[]") {
			return nil, errors.New("the URL must name each server as HOST or HOST:PORT, separated by commas")
		}
		address = net.JoinHostPort(host, port)
		if slices.Contains(addresses, address) {
			return nil, errors.New("the URL names a server twice")
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}
