package main_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"menshen/store/mysql/mysqltest"
)

// drill is a fleet whose nodes fail.
type drill struct {
	*fleet
	cluster *mysqltest.Cluster
	report  []drillReport
}

// drillReport is what a step of the drill came to.
type drillReport struct {
	step              string
	logins, refreshes int
	gap, back         time.Duration
	refused, lost     int
	missing           int // on all nodes
}

// TestFailover loses a node of three, then finds one silent, loses all, and loses the
// quorum, under load. What was acknowledged must be there afterwards, on every node.
// Galera stands in for any database that is on several machines when it says so.
func TestFailover(t *testing.T) {
	cluster := mysqltest.StartCluster(t, fleetSize)
	d := &drill{fleet: newFleet(t, cluster.Nodes...), cluster: cluster}
	defer func() { t.Log(d.table()) }()
	for _, step := range []struct {
		name string
		run  func(*drill, *drillReport)
	}{
		{"a node is killed", (*drill).killNode},
		{fmt.Sprint(racers, " first logins of one openid"), (*drill).raceLogins},
		{fmt.Sprint(racers, " refreshes of one token"), (*drill).raceRefreshes},
		{"one access_token for all", (*drill).shareAccessToken},
		{"the node comes back", (*drill).rejoinNode},
		{"a node falls silent", (*drill).pauseNode},
		{"all nodes are killed", (*drill).crash},
		{"two of three are killed", (*drill).loseQuorum},
	} {
		r := drillReport{step: step.name}
		went := t.Run(step.name, func(t *testing.T) { d.t = t; step.run(d, &r) })
		if d.report = append(d.report, r); !went {
			break // what comes next would fail for the same reason
		}
	}
}

// under has clients come and go while something happens, so many answers before it
// and after.
func (d *drill) under(r *drillReport, answers int, happens func(*load)) *load {
	d.t.Helper()
	l := d.begin(tireless)
	l.grow(answers)
	happens(l)
	l.grow(answers)
	l.end()
	r.logins, r.refreshes, r.refused, r.lost = len(l.logins), len(l.refreshes), len(l.refusals), l.lost
	r.gap, _ = l.gap()
	return l
}

// timed tells how long something took.
func (d *drill) timed(do func() error) time.Duration {
	d.t.Helper()
	began := time.Now()
	if err := do(); err != nil {
		d.t.Fatal(err)
	}
	return time.Since(began)
}

func (d *drill) killNode(r *drillReport) {
	l := d.under(r, 1000, func(*load) { d.cluster.Nodes[0].Kill() })
	l.expectShortGap()
	r.missing = d.expectAll(1, 2)
}

func (d *drill) rejoinNode(r *drillReport) {
	l := d.under(r, 100, func(*load) { r.back = d.timed(d.cluster.Nodes[0].Rejoin) })
	l.expectShortGap()
	d.expectMembers()
	r.missing = d.expectAll(0, 1, 2)
}

// pauseNode has a node fall silent for longer than the others wait for it.
func (d *drill) pauseNode(r *drillReport) {
	const silence = 8 * time.Second
	node := d.cluster.Nodes[1]
	l := d.under(r, 100, func(*load) {
		d.timed(node.Pause)
		<-time.After(silence)
		r.back = d.timed(func() error { return errors.Join(node.Resume(), node.Await()) })
	})
	l.expectShortGap()
	d.expectMembers()
	r.missing = d.expectAll(0, 1, 2)
}

// crash kills all nodes at once.
func (d *drill) crash(r *drillReport) {
	l := d.under(r, 100, func(*load) {
		d.cluster.Crash()
		d.awaitReady(0)
		r.back = d.timed(d.cluster.Recover)
		d.awaitReady(fleetSize)
	})
	l.expectOnly(unavailable(http.StatusServiceUnavailable))
	d.expectMembers()
	r.missing = d.expectAll(0, 1, 2)
	d.expectAlike()
}

// loseQuorum leaves one node of three, which must not go on alone until somebody
// who knows tells it that the others are dead.
func (d *drill) loseQuorum(r *drillReport) {
	first, second, survivor := d.cluster.Nodes[0], d.cluster.Nodes[1], d.cluster.Nodes[2]
	l := d.under(r, 100, func(l *load) {
		first.Kill()
		second.Kill()
		lost := time.Now()
		d.awaitReady(0)
		d.awaitRefusals(l, lost)
		if n := l.count(lost); n > 0 {
			d.t.Errorf("%d logins and refreshes were answered without a quorum", n)
		}
		r.back = d.timed(survivor.BootstrapSurvivor)
		d.awaitReady(fleetSize)
	})
	l.expectOnly(unavailable(http.StatusServiceUnavailable))
	r.missing = d.expectAll(2)
	d.timed(first.Rejoin)
	d.timed(second.Rejoin)
	d.expectMembers()
	r.missing += d.expectAll(0, 1)
	d.expectAlike()
}

// table is the figures of all steps.
func (d *drill) table() string {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nstep\tlogins\trefreshes\tlongest gap s\trefused\tlost\tmissing\tback after s\n")
	for _, r := range d.report {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.2f\t%d\t%d\t%d\t%.1f\n", r.step, r.logins, r.refreshes, r.gap.Seconds(), r.refused, r.lost, r.missing, r.back.Seconds())
	}
	w.Flush() // to a strings.Builder, which does not fail
	return table.String()
}
