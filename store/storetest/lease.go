package storetest

import (
	"testing"
	"time"
)

var leaseLaws = []law{
	{"a lease that is asked for is held by somebody", testLease},
}

// held counts how often a lease is held in more calls than an engine has instances.
func (f *fixture) held(name string) (n int) {
	f.Helper()
	for range 9 {
		held, err := f.store.Lease(f.Context(), name, time.Hour)
		f.need(err)
		if held {
			n++
		}
	}
	return n
}

func testLease(t *testing.T, h Harness) {
	f := open(t, h)
	for _, name := range []string{"sweep", "backup", "sweep"} {
		if f.held(name) == 0 {
			t.Errorf("nobody holds %s", name)
		}
	}
}
