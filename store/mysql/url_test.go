package mysql

import (
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestURL(t *testing.T) {
	type read struct {
		User, Password, Database, TLS string
		Addresses                     []string
		Pool                          int
	}
	for text, want := range map[string]read{
		"mysql://me:secret@db/menshen": {"me", "secret", "menshen", "", []string{"db:3306"}, defaultPool},
		"mysql://me@db/menshen":        {"me", "", "menshen", "", []string{"db:3306"}, defaultPool},
		"mysql://me:secret@one:1,two,[::1]:3,[::2],10.0.0.1/menshen?connections=7&tls=true": {
			"me", "secret", "menshen", "true", []string{"one:1", "two:3306", "[::1]:3", "[::2]:3306", "10.0.0.1:3306"}, 7,
		},
		"mysql://me:s%40c%2Fr%3Fe%3At@db/menshen?tls=preferred": {"me", "s@c/r?e:t", "menshen", "preferred", []string{"db:3306"}, defaultPool},
		"mysql://me:s@cret@db/menshen":                          {"me", "s@cret", "menshen", "", []string{"db:3306"}, defaultPool},
	} {
		got, err := parseURL(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		c := got.config
		if diff := cmp.Diff(want, read{c.User, c.Passwd, c.DBName, c.TLSConfig, got.addresses, got.pool}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// notURLs do not read, and the sentence that says why holds a word of the reason.
var notURLs = map[string]string{
	"":                                       "mysql://",
	"mysql://me:pass@db/secret@host/menshen": "no database",
	"mysql://me:pass@db/secret@host":         "%XX",
	"mysql:me:secret@db/menshen":             "mysql://",
	"postgres://me:secret@db/menshen":        "mysql://",
	"mysql://":                               "USER:PASSWORD",
	"mysql://db/menshen":                     "USER:PASSWORD",
	"mysql://me:secret@db":                   "USER:PASSWORD",
	"mysql://me:sec/ret@db/menshen":          "USER:PASSWORD",
	"mysql://me:secret%zz@db/menshen":        "%XX",
	"mysql://me:sec[ret@db/menshen":          "%XX",
	"mysql://:secret@db/menshen":             "no user",
	"mysql://me:secret@db/":                  "no database",
	"mysql://me:secret@db?tls=true":          "no database",
	"mysql://me:secret@db/a/b":               "no database",
	"mysql://me:secret@db/a%2Fb":             "no database",
	"mysql://me:secret@/menshen":             "each server",
	"mysql://me:secret@one,,two/menshen":     "each server",
	"mysql://me:secret@db:0/menshen":         "each server",
	"mysql://me:secret@db:65536/menshen":     "each server",
	"mysql://me:secret@db:x/menshen":         "each server",
	"mysql://me:secret@db:1:2/menshen":       "each server",
	"mysql://me:secret@db,db:3306/m":         "twice",
	"mysql://me:secret@db/m?tls=yes":         "tls in the URL",
	"mysql://me:secret@db/m?tls=":            "tls in the URL",
	"mysql://me:secret@db/m?tls=%zz":         "nothing else",
	"mysql://me:secret@db/m?tls=true;a=b":    "nothing else",
	"mysql://me:secret@db/m?tls=true&tls=":   "nothing else",
	"mysql://me:secret@db/m?parseTime=1":     "nothing else",
	"mysql://me:secret@db/m?connections=0":   "connections in the URL",
	"mysql://me:secret@db/m?connections=x":   "connections in the URL",
}

func TestNoURL(t *testing.T) {
	for text, reason := range notURLs {
		_, err := parseURL(text)
		if err == nil || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzURL(f *testing.F) {
	f.Add("me", "secret", "one:1,[::1]", "menshen", "tls=true&connections=7")
	for text := range notURLs {
		f.Add("me", text, "db", "menshen", "")
		f.Add("me", "secret", "db", "menshen", text)
		f.Add("me", "secret", text, "menshen", "")
	}
	f.Fuzz(func(t *testing.T, user, password, hosts, database, query string) {
		const marker = "never to be seen"
		got, err := parseURL("mysql://" + user + ":" + marker + password + "@" + hosts + "/" + database + "?" + query)
		if err != nil {
			if strings.Contains(err.Error(), marker) {
				t.Errorf("the error holds the password: %v", err)
			}
			return
		}
		if got.config.User == "" || got.config.DBName == "" || got.pool < 1 || got.pool > maxPool || len(got.addresses) == 0 {
			t.Errorf("read as %+v of %d", got.addresses, got.pool)
		}
		for _, address := range got.addresses {
			if _, _, err := net.SplitHostPort(address); err != nil {
				t.Error(err)
			}
		}
	})
}
