package mysql

import (
	"fmt"
	"strings"
)

// Redacted is what may be shown of a URL: its servers and the database. The error says
// what is wrong with the URL, and repeats nothing of it.
func Redacted(url string) (string, error) {
	target, err := parseURL(url)
	if err != nil {
		return "", fmt.Errorf("mysql: %w", err)
	}
	return "mysql://" + strings.Join(target.addresses, ",") + "/" + target.config.DBName, nil
}

// Server is one of those that a URL names.
type Server struct {
	Address string
	Up      bool // as it was seen last, a second ago at most
}

// Servers tells how the servers are, in the order of the URL.
func (s *Store) Servers() (all []Server) {
	for _, one := range s.servers {
		all = append(all, Server{one.address, !one.down.Load()})
	}
	return all
}
