package gate_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"menshen/gate"
)

// clock is a time that stands until it is moved.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }
func newClock() *clock                   { return &clock{time.Unix(1_800_000_000, 0)} }
func limit(c *clock, perMinute int) *gate.Limit {
	return gate.NewLimit(gate.Rate{PerMinute: perMinute, Now: c.Now})
}

func TestAMinutesAllowanceComesAtOnceAndThenEvenly(t *testing.T) {
	c := newClock()
	l := limit(c, 60)
	for n := range 60 {
		if wait := l.Take("a"); wait != 0 {
			t.Fatalf("request %d of 60 waits %v", n+1, wait)
		}
	}
	if got := l.Take("a"); got != time.Second {
		t.Errorf("request 61 waits %v, want 1s", got)
	}
	if got := l.Take("b"); got != 0 {
		t.Errorf("another key waits %v", got)
	}
	c.advance(time.Second - time.Millisecond)
	if got := l.Take("a").Round(time.Microsecond); got != time.Millisecond {
		t.Errorf("a millisecond early it waits %v, want 1ms", got)
	}
	c.advance(time.Millisecond)
	if first, second := l.Take("a"), l.Take("a"); first != 0 || second != time.Second {
		t.Errorf("after a second they wait %v and %v, want 0 and 1s", first, second)
	}
}

func TestSpendTellsWhatIsLeft(t *testing.T) {
	c := newClock()
	l := limit(c, 3)
	var got []gate.Quota
	for range 4 {
		got = append(got, l.Spend("a"))
	}
	c.advance(5 * time.Second)
	got = append(got, l.Spend("a"))
	want := []gate.Quota{
		{PerMinute: 3, Remaining: 2, More: 20 * time.Second},
		{PerMinute: 3, Remaining: 1, More: 20 * time.Second},
		{PerMinute: 3, Remaining: 0, More: 20 * time.Second},
		{PerMinute: 3, Remaining: 0, More: 20 * time.Second, Wait: 20 * time.Second},
		{PerMinute: 3, Remaining: 0, More: 15 * time.Second, Wait: 15 * time.Second},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWaitCountsNothing(t *testing.T) {
	l := limit(newClock(), 1)
	for range 3 {
		if got := l.Wait("a"); got != 0 {
			t.Fatalf("asking made the key wait %v", got)
		}
	}
	l.Take("a")
	if got := l.Wait("a"); got != time.Minute {
		t.Errorf("a key that has had its turn waits %v, want 1m", got)
	}
}

// TestWhatHasBegunTakesItsPlace begins more at once than may fail.
func TestWhatHasBegunTakesItsPlace(t *testing.T) {
	c := newClock()
	l := limit(c, 60)
	begin := func(times int) (begun int) {
		for range times {
			if l.Begin("a") == 0 {
				begun++
			}
		}
		return begun
	}
	end := func(times int, failed bool) {
		for range times {
			l.End("a", failed)
		}
	}
	if got := begin(900); got != 60 {
		t.Fatalf("%d of 900 begin, want 60", got)
	}
	if got := l.Begin("a"); got != time.Second {
		t.Errorf("one more waits %v, want 1s", got)
	}
	end(20, false)
	if got := begin(900); got != 20 {
		t.Errorf("after 20 that did not fail %d begin, want 20", got)
	}
	end(60, true)
	if got := begin(900); got != 0 {
		t.Errorf("after 60 that failed %d begin, want none", got)
	}
	c.advance(2 * time.Second)
	if got := begin(900); got != 2 {
		t.Errorf("two seconds later %d begin, want 2", got)
	}
	end(2, false)
	c.advance(time.Hour)
	if got := l.Spend("a").Remaining; got != 59 {
		t.Errorf("an hour later %d remain, want 59", got)
	}
}

// TestEndOfWhatIsForgotten ends what a key began before a flood of others.
func TestEndOfWhatIsForgotten(t *testing.T) {
	l := limit(newClock(), 2)
	l.Begin("a")
	l.Begin("a")
	for n := range 1 << 16 {
		l.Take(fmt.Sprint(n))
	}
	l.End("a", false)
	l.End("a", true)
	if first, second := l.Take("a"), l.Take("a"); first != 0 || second == 0 {
		t.Errorf("with one of two left the key waits %v and %v", first, second)
	}
}

func TestAClockThatIsSetBack(t *testing.T) {
	c := newClock()
	l := limit(c, 1)
	l.Take("a")
	c.advance(-time.Hour)
	if got := l.Take("a"); got != time.Minute {
		t.Errorf("an hour earlier the key waits %v, want 1m", got)
	}
}

func TestNoLimit(t *testing.T) {
	l := limit(newClock(), 0)
	if l != nil {
		t.Fatal("0 a minute is a limit")
	}
	l.End("a", true)
	if l.Begin("a") != 0 || l.Wait("a") != 0 || l.Take("a") != 0 || l.Spend("a") != (gate.Quota{}) {
		t.Error("no limit limits")
	}
}

func TestRefusalsAreTold(t *testing.T) {
	refused := 0
	l := gate.NewLimit(gate.Rate{PerMinute: 1, Now: newClock().Now, Refused: func() { refused++ }})
	l.Take("a")
	if refused != 0 {
		t.Fatal("what was allowed is told of as refused")
	}
	l.Take("a")
	l.Wait("a")
	l.Begin("a")
	l.End("a", true)
	if refused != 3 {
		t.Errorf("told of %d refusals, want 3", refused)
	}
}

func TestOneNetworkIsOneKey(t *testing.T) {
	l := gate.NewLimit(gate.Rate{PerMinute: 1, Now: newClock().Now, Key: gate.NetworkKey})
	for _, test := range []struct {
		key  string
		free bool
	}{
		{"203.0.113.7", true}, {"203.0.113.7", false}, {"::ffff:203.0.113.7", false}, {"203.0.113.8", true},
		{"2001:db8:0:1::1", true}, {"2001:db8:0:1:ffff::2", false}, {"2001:db8:0:1::3%zone", false}, {"2001:db8:0:2::1", true},
		{"no address", true}, {"no address", false}, {"", true}, {"", false},
	} {
		if free := l.Take(test.key) == 0; free != test.free {
			t.Errorf("%q is free: %t, want %t", test.key, free, test.free)
		}
	}
}

func TestConcurrentTakersShareOneAllowance(t *testing.T) {
	l := limit(newClock(), 100)
	var wg sync.WaitGroup
	taken := make([]int, 8)
	for i := range taken {
		wg.Go(func() {
			for range 50 {
				if l.Take("a") == 0 {
					taken[i]++
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range taken {
		sum += n
	}
	if sum != 100 {
		t.Errorf("%d were let in, want 100", sum)
	}
}

// TestAFloodOfKeysIsBounded sends three times as many keys as are remembered.
func TestAFloodOfKeysIsBounded(t *testing.T) {
	const flood, bound = 3 << 16, 20 << 20 // keys and bytes
	l := limit(newClock(), 1)
	l.Take("first")
	before := heap()
	for n := range flood {
		l.Take(fmt.Sprintf("an address of forty characters, %08d", n))
	}
	if grown := int64(heap()) - int64(before); grown > bound {
		t.Errorf("%d keys hold %d bytes, want at most %d", flood, grown, bound)
	} else {
		t.Logf("%d keys hold %d bytes", flood, grown)
	}
	if l.Take("first") != 0 {
		t.Error("the key that has not come for the longest time is remembered")
	}
	if l.Take(fmt.Sprintf("an address of forty characters, %08d", flood-1)) == 0 {
		t.Error("the key that came last is forgotten")
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
