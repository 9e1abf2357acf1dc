package bolt

import (
	"context"
	"iter"
	"slices"

	"menshen/store"
)

// Users returns one page of the directory.
func (s *Store) Users(ctx context.Context, q store.UserQuery) (page store.UserPage, err error) {
	err = s.view(ctx, "users", func(t *tx) error {
		page, err = (&directory{tx: t, ctx: ctx}).page(q)
		return err
	})
	return page, err
}

// CountUsers counts the users that a filter lets through.
func (s *Store) CountUsers(ctx context.Context, f store.UserFilter) (n int, exact bool, err error) {
	err = s.view(ctx, "count_users", func(t *tx) error {
		n, exact, err = (&directory{tx: t, ctx: ctx}).count(f)
		return err
	})
	return n, exact, err
}

// directory answers one request for users.
type directory struct {
	*tx
	ctx      context.Context
	examined int // entries and records that were looked at
}

// stepsBetweenChecks is how many entries a walk looks at, in well under a
// millisecond, before it asks the context again.
const stepsBetweenChecks = 256

// step is taken for each entry or record that is looked at. It fails when the
// context has ended.
func (d *directory) step() error {
	if d.examined++; d.examined%stepsBetweenChecks == 0 {
		return d.ctx.Err()
	}
	return nil
}

// page walks the window of the page and then reads the users in it.
func (d *directory) page(q store.UserQuery) (page store.UserPage, err error) {
	walk, err := d.plan(q.Filter, q.Order.By)
	if err != nil {
		return page, err
	}
	places, ahead, behind, err := window(walk, q)
	if err != nil {
		return page, err
	}
	page.HasNext, page.HasPrevious = ahead, behind
	if q.Last {
		slices.Reverse(places)
		page.HasNext, page.HasPrevious = behind, ahead
	}
	for _, p := range places {
		user, err := d.linkedUser(p.user())
		if err != nil {
			return store.UserPage{}, err
		}
		page.Users = append(page.Users, user)
	}
	return page, nil
}

// window walks from where the page begins, which is its end when the last users
// are wanted. It tells whether there are more ahead, and behind where it began.
func window(walk walker, q store.UserQuery) (places []place, ahead, behind bool, err error) {
	start, stop := q.After, q.Before
	if q.Last {
		start, stop = stop, start
	}
	up := q.Order.Descending == q.Last
	from, to := boundBeside(start, up), boundBeside(stop, !up)
	for p, err := range walk(from, up) {
		if err != nil {
			return nil, false, false, err
		}
		if ahead = len(places) >= q.Limit || to.passed(p, up); ahead {
			break
		}
		places = append(places, p)
	}
	_, none, err := collect(walk(from, !up), 0)
	return places, ahead, !none, err
}

// collect gathers what a walk yields. It stops, and whole is false, when that is
// more than limit.
func collect[T any](walk iter.Seq2[T, error], limit int) (list []T, whole bool, err error) {
	for it, err := range walk {
		if err != nil {
			return nil, false, err
		}
		if len(list) >= limit {
			return list, false, nil
		}
		list = append(list, it)
	}
	return list, true, nil
}

func (d *directory) count(f store.UserFilter) (n int, exact bool, err error) {
	if n, kept := d.kept(f); kept {
		return n, true, nil
	}
	by := store.ByCreatedAt
	if !f.Created.Bounded() && f.LastLogin.Bounded() {
		by = store.ByLastLoginAt
	}
	walk, err := d.plan(f, by)
	if err != nil {
		return 0, false, err
	}
	places, exact, err := collect(walk(lowest, true), store.CountLimit)
	return len(places), exact, err
}

// kept answers the filters that counters are kept for.
func (d *directory) kept(f store.UserFilter) (n int, kept bool) {
	switch f {
	case store.UserFilter{}:
		return d.size(store.FacetEverybody), true
	case store.UserFilter{AppID: f.AppID}:
		return d.size(store.AppFacet(f.AppID)), true
	case store.UserFilter{Status: store.StatusActive}:
		return d.size(store.FacetEverybody) - d.size(store.FacetBlocked), true
	case store.UserFilter{Status: store.StatusBlocked}:
		return d.size(store.FacetBlocked), true
	case store.UserFilter{Role: store.RoleUser}:
		return d.size(store.FacetEverybody) - d.size(store.FacetAdmin), true
	case store.UserFilter{Role: store.RoleAdmin}:
		return d.size(store.FacetAdmin), true
	}
	return 0, false
}

func (d *directory) size(facet string) int { return d.counter(bucketFacets, []byte(facet)) }
