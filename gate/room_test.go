package gate_test

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"menshen/gate"
)

func TestRoomIsBounded(t *testing.T) {
	r := gate.NewRoom(10, 6)
	for _, test := range []struct {
		key   string
		bytes int
		in    bool
	}{
		{"a", 7, false}, {"a", math.MaxInt, false}, {"a", 4, true}, {"a", 3, false}, {"a", 2, true}, {"a", 1, false},
		{"b", 5, false}, {"b", 4, true}, {"c", 1, false}, {"c", 0, true},
	} {
		if in := r.Enter(test.key, test.bytes); in != test.in {
			t.Errorf("%d bytes of %s are let in: %t, want %t", test.bytes, test.key, in, test.in)
		}
	}
	r.Leave("a", 2)
	if r.Enter("b", 3) || !r.Enter("b", 2) {
		t.Error("what a left is not what b has room for")
	}
	r.Leave("a", 4)
	if !r.Enter("a", 4) {
		t.Error("there is no room where everybody of a left")
	}
}

func TestRoomWithoutBounds(t *testing.T) {
	for name, r := range map[string]*gate.Room{"nil": nil, "of any size": gate.NewRoom(0, 0)} {
		for range 3 {
			if !r.Enter("a", 1<<40) {
				t.Errorf("a room (%s) is full", name)
			}
			r.Leave("a", 1<<40)
		}
	}
}

func TestOneNetworkHasOneRoom(t *testing.T) {
	r := gate.NewRoom(0, 1)
	r.Key = gate.NetworkKey
	if !r.Enter("2001:db8::1", 1) || r.Enter("2001:db8::2", 1) {
		t.Error("two addresses of one network have two rooms")
	}
	r.Leave("2001:db8::2", 1)
	if !r.Enter("2001:db8::1", 1) {
		t.Error("what another address of the network left is not free")
	}
}

// TestRoomForManyAtOnce is for the race detector, too.
func TestRoomForManyAtOnce(t *testing.T) {
	r := gate.NewRoom(8, 2)
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			key := fmt.Sprint(n % 8)
			for range 1000 {
				if r.Enter(key, 2) {
					r.Leave(key, 2)
				}
			}
		})
	}
	wg.Wait()
	for n := range 4 {
		if !r.Enter(fmt.Sprint(n), 2) {
			t.Errorf("nobody is left, and %d has no room", n)
		}
	}
}
