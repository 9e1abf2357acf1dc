package mysql

import (
	"strings"
	"testing"
)

// TestChoice looks at whom an instance asks that prefers b, by what is up.
func TestChoice(t *testing.T) {
	for _, test := range []struct {
		name           string
		galera         bool
		down           string // the addresses
		unfit          int
		reader, writer string
	}{
		{name: "all are up", reader: "b", writer: "b"},
		{name: "the preferred one is down", down: "b", reader: "c", writer: "c"},
		{name: "the preferred one was unfit", unfit: 1, reader: "c", writer: "c"},
		{name: "all were unfit", unfit: 3, reader: "b", writer: "b"},
		{name: "all are down", down: "abc", unfit: 1, reader: "c", writer: "c"},
		{name: "Galera", galera: true, reader: "b", writer: "a"},
		{name: "Galera without the first", galera: true, down: "a", reader: "b", writer: "b"},
		{name: "Galera whose first was unfit", galera: true, unfit: 1, reader: "c", writer: "b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var all servers
			for _, address := range []string{"b", "c", "a"} {
				s := &server{address: address}
				s.galera.Store(test.galera)
				s.down.Store(strings.Contains(test.down, address))
				all = append(all, s)
			}
			if got := all.pick(test.unfit).address; got != test.reader {
				t.Errorf("reads from %s, want %s", got, test.reader)
			}
			if got := all.writer(test.unfit).address; got != test.writer {
				t.Errorf("writes to %s, want %s", got, test.writer)
			}
		})
	}
}
