package main_test

import (
	"testing"

	"menshen/store/mysql/mysqltest"
)

// TestRollingRestart restarts one instance after the other under load, as an upgrade
// does. A client that asks the next one when one does not answer must not notice.
func TestRollingRestart(t *testing.T) {
	const answers = 100 // before, between and after the restarts
	f := newFleet(t, mysqltest.Shared(t))
	l := f.begin(fleetSize)
	l.grow(answers)
	for i := range f.instances {
		f.instance(i).stop()
		l.grow(answers)
		f.serve(i)
		l.grow(answers)
	}
	l.end()
	if l.lost > 0 {
		t.Errorf("%d sessions were lost", l.lost)
	}
	f.expectAll(0)
	t.Logf("%d instances restarted: %d logins and %d refreshes, none failed; %d requests went to the next instance",
		fleetSize, len(l.logins), len(l.refreshes), len(l.refusals))
}
