package main_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"menshen/wechat/wechattest"
)

var (
	interleavings = flag.Int("interleavings", 50, "how many interleavings TestInterleavings plays")
	interleaving  = flag.Uint64("interleaving", 0, "the seed of the one interleaving that TestInterleavings plays")
)

// The apps of a town: two under one Open Platform account, and one outside.
const (
	appOne     = "wxone"
	appTwo     = "wxtwo"
	appOutside = "wxoutside"
)

const (
	townClients      = 6
	personsPerClient = 3
	townSteps        = 300 // taken at most before the kill
)

// TestInterleavings lets persons log in, be blocked, merged, erased and whatever
// else may happen to them, all at once, binds the apps together at a random moment
// and kills the server at another. What was answered must hold then, and after one
// more login of everybody each person must be one user.
//
// A failure names its seed, which repeats what the persons do, though not the
// order in which the server comes to it.
func TestInterleavings(t *testing.T) {
	seeds := []uint64{*interleaving}
	if *interleaving == 0 {
		seeds = make([]uint64, *interleavings)
		for i := range seeds {
			seeds[i] = rand.Uint64()
		}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("interleaving=%d", seed), func(t *testing.T) { interleave(t, seed) })
	}
}

func interleave(t *testing.T, seed uint64) {
	w := newTown(t, seed)
	w.open()
	w.live()
	w.expectSound()
	w.open()
	w.expectAnswered()
	w.expectOneUserEach()
	w.expectFigures()
	w.expectTrail()
	w.server.kill()
	w.expectSound()
}

// town is a server, a WeChat, and the persons who use them.
type town struct {
	t       *testing.T
	sim     *wechattest.Simulator
	house   installation
	server  *running
	clients []*client

	steps          atomic.Int64 // that were answered
	bindAt, killAt int64        // after so many steps; the kill may come first
	binding        atomic.Bool  // or bound
	dying          atomic.Bool
	messages       atomic.Int64 // pushed

	logins loginTally
}

// loginTally counts what became of logins. Those that were neither answered nor
// refused were cut off by the kill, before or after they had been remembered.
type loginTally struct{ sent, answered, refused, newUsers atomic.Int64 }

// client plays some persons, one at a time, so that their answers have an order.
type client struct {
	*town
	random  *rand.Rand
	persons []*person
}

func newTown(t *testing.T, seed uint64) *town {
	apps := map[string]string{appOne: "secret-one", appTwo: "secret-two", appOutside: "secret-outside"}
	sim := wechattest.New(t, wechattest.Options{Apps: apps, Seed: seed})
	random := rand.New(rand.NewPCG(seed, 0))
	w := &town{t: t, sim: sim, house: install(t, sim.URL()), killAt: 1 + random.Int64N(townSteps), bindAt: 1 + random.Int64N(townSteps)}
	w.house.settings = append(w.house.settings, "MENSHEN_MAX_SESSIONS=1000",
		"MENSHEN_APPS="+pairs(apps, func(secret string) string { return secret }),
		"MENSHEN_PUSH="+pairs(apps, func(string) string { return wechattest.DevPushToken + ":" + wechattest.DevPushAESKey }))
	for n := range townClients {
		c := &client{town: w, random: rand.New(rand.NewPCG(seed, uint64(n+1)))}
		for i := range personsPerClient {
			c.persons = append(c.persons, newPerson(n*personsPerClient+i))
		}
		w.clients = append(w.clients, c)
	}
	return w
}

// pairs writes a setting of several apps.
func pairs(apps map[string]string, value func(secret string) string) string {
	var list []string
	for app, secret := range apps {
		list = append(list, app+"="+value(secret))
	}
	return strings.Join(list, ";")
}

// open starts the server.
func (w *town) open() { w.server = w.house.serve() }

// live lets everybody live until the server is killed.
func (w *town) live() {
	w.t.Helper()
	w.forAll(func(ctx context.Context, c *client) error {
		for {
			err := c.step(ctx)
			switch {
			case err == nil:
				w.count()
			case w.dying.Load() && !errors.As(err, new(*unexplained)):
				return nil // cut off by the kill
			default:
				return err
			}
		}
	})
}

// count notes that a step was answered, and brings about what is due then.
func (w *town) count() {
	n := w.steps.Add(1)
	if n == w.bindAt {
		w.bind()
	}
	if n == w.killAt {
		w.dying.Store(true)
		w.server.kill()
	}
}

// bind puts two of the apps under one Open Platform account.
func (w *town) bind() {
	w.binding.Store(true)
	if err := w.sim.Bind(appOne, appTwo); err != nil {
		w.t.Error(err)
	}
}

// step has one of the client's persons do something, or two things at once.
func (c *client) step(ctx context.Context) error {
	p := pick(c.random, c.persons)
	lives := p.lives
	p.lives = nil // until the answer is there
	if c.random.IntN(4) > 0 {
		return c.play(ctx, p, lives, c.someAct(p, lives[0]))
	}
	return c.playBoth(ctx, p, lives, c.someAtomicAct(p, lives[0]), c.someAtomicAct(p, lives[0]))
}

// forAll runs every client at once, and fails the test with the first error.
func (w *town) forAll(do func(context.Context, *client) error) {
	w.t.Helper()
	var group errgroup.Group
	for _, c := range w.clients {
		group.Go(func() error { return do(w.t.Context(), c) })
	}
	if err := group.Wait(); err != nil {
		w.t.Fatalf("%v\n%s", err, w.server.output())
	}
}

// forEach runs every client at once over its persons, one after the other.
func (w *town) forEach(do func(context.Context, *client, *person) error) {
	w.t.Helper()
	w.forAll(func(ctx context.Context, c *client) error {
		for _, p := range c.persons {
			if err := do(ctx, c, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// expectSound has the operator's own command check the store.
func (w *town) expectSound() {
	w.t.Helper()
	if got := w.house.run("check"); got.code != 0 {
		w.t.Fatalf("check: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }
