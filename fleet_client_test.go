package main_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"menshen/store"
)

const (
	tireless   = 1 << 30 // attempts of a client that waits for better times
	attemptGap = 50 * time.Millisecond
	loginsEach = 10 // of one user: some users are new and some are known
)

// visitingClient retries as a mini program should: what is not answered it asks the
// next instance, a login with a new code, a refresh with the same token.
type visitingClient struct {
	fleet    *fleet
	load     *load
	name     string
	instance int
	attempts int
	visits   int
}

func (c *visitingClient) stay(ctx context.Context) error {
	for {
		select {
		case <-c.load.stopped:
			return nil
		default:
		}
		if err := c.visit(ctx); err != nil {
			return fmt.Errorf("%s: %w\n%s", c.name, err, c.fleet.complaints())
		}
	}
}

// visit logs in, asks another instance who it is, and refreshes at the next.
func (c *visitingClient) visit(ctx context.Context) error {
	e, err := c.arrive(ctx)
	if err != nil {
		return fmt.Errorf("login: %w", err)
	}
	var id string
	err = c.persist(ctx, func(ctx context.Context, server *running) (err error) {
		id, err = server.me(ctx, e.AccessToken)
		return err
	})
	if err != nil || id != e.User.ID {
		return fmt.Errorf("me = %q, %w, want %q", id, err, e.User.ID)
	}
	return c.renew(ctx, e)
}

func (c *visitingClient) arrive(ctx context.Context) (e *entry, err error) {
	user := fmt.Sprintf("%s-%d", c.name, c.visits/loginsEach)
	c.visits++
	var asked time.Time
	err = c.persist(ctx, func(ctx context.Context, server *running) (err error) {
		asked = time.Now()
		e, err = c.fleet.arrive(ctx, server, user)
		return err
	})
	if err == nil {
		c.fleet.register.add(e)
		c.load.note(func() { c.load.logins = append(c.load.logins, span{asked, time.Now()}) })
	}
	return e, err
}

// renew refreshes. One that may have been done, and whose answer did not come within
// the grace, looks like theft when it is asked for again.
func (c *visitingClient) renew(ctx context.Context, e *entry) error {
	var next pair
	var asked time.Time
	began := time.Now()
	err := c.persist(ctx, func(ctx context.Context, server *running) (err error) {
		asked = time.Now()
		next, err = server.refresh(ctx, e.RefreshToken)
		return err
	})
	switch {
	case err == nil:
		c.fleet.register.renew(e, next)
		c.load.note(func() { c.load.refreshes = append(c.load.refreshes, span{asked, time.Now()}) })
	case errors.Is(err, refused("UNAUTHENTICATED")) && asked.Sub(began) > store.RefreshGrace:
		c.fleet.register.lose(e)
		c.load.note(func() { c.load.lost++ })
	default:
		return fmt.Errorf("refreshLogin: %w", err)
	}
	return nil
}

// persist has one instance after the other do something until one answers.
func (c *visitingClient) persist(ctx context.Context, do func(context.Context, *running) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for range c.attempts {
		c.instance = (c.instance + 1) % fleetSize
		asked := time.Now()
		if err = do(ctx, c.fleet.instance(c.instance)); err == nil || errors.As(err, new(refused)) {
			return err
		}
		c.load.note(func() {
			c.load.refusals = append(c.load.refusals, refusal{span{asked, time.Now()}, c.instance, err})
		})
		select {
		case <-ctx.Done():
			return err
		case <-time.After(attemptGap):
		}
	}
	return err
}
