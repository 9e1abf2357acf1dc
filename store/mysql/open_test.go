package mysql

import (
	"net/url"
	"strings"
	"testing"

	"menshen/store/mysql/mysqltest"
)

// TestSentences sets the URL in a wrong way, and expects a sentence that says what
// to do, without the password.
func TestSentences(t *testing.T) {
	node := mysqltest.Shared(t)
	right, err := url.Parse(mysqltest.URL(node.NewDatabase(t), node))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := right.User.Password()
	for name, wrong := range map[string]struct {
		change func(*url.URL)
		want   string
	}{
		"another password": {func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), password+"x") }, "refuses the user or the password"},
		"no such user":     {func(u *url.URL) { u.User = url.UserPassword("nobody", password) }, "refuses the user or the password"},
		"no database":      {func(u *url.URL) { u.Path += "x" }, "create it first"},
		"not its database": {func(u *url.URL) { u.Path = "/mysql" }, "no right to the database"},
		"nobody there":     {func(u *url.URL) { u.Host = "127.0.0.1:1" }, "refuses connections"},
		"no such name":     {func(u *url.URL) { u.Host = "menshen.invalid" }, "does not resolve"},
		"no TLS":           {func(u *url.URL) { u.RawQuery = "tls=true" }, "offers no TLS"},
		"no number":        {func(u *url.URL) { u.RawQuery = "connections=many" }, "connections in the URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := *right
			wrong.change(&u)
			_, err := Open(t.Context(), u.String(), newKey(t), testOptions())
			if err == nil || !strings.Contains(err.Error(), wrong.want) || strings.Contains(err.Error(), password) {
				t.Errorf("opened with: %v", err)
			}
		})
	}
}
