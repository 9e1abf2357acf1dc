package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"menshen/store"
)

func testAuditPages(t *testing.T, h Harness) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2026))
			j := newJournal(open(t, h), random)
			for range 300 {
				q := j.anyQuery(random)
				j.same(fmt.Sprintf("the page of %+v", q), j.auditPage(q), j.page(q))
				n, exact, err := j.store.CountAuditEvents(t.Context(), q.Filter)
				j.need(err)
				j.same(fmt.Sprintf("the count of %+v", q.Filter), n, j.count(q.Filter))
				j.same("exact", exact, true)
			}
		})
	}
}

// journal is the events of a store as a plain list.
type journal struct {
	*fixture
	events []store.AuditEvent // newest first
	who    map[string]string  // the user that each id has become
}

// newJournal lets the crowd log in, join, merge, be blocked and be refused, while
// the clock stands, runs and is set back.
func newJournal(f *fixture, random *rand.Rand) *journal {
	j := &journal{fixture: f, who: map[string]string{}}
	for range 150 {
		f.clock.Advance(pick(random, []time.Duration{0, 0, instant, time.Minute, time.Hour, -time.Minute}))
		f.need(j.happening(random))
	}
	j.events = f.auditPage(store.AuditQuery{Limit: 10_000}).Events
	for _, event := range j.events {
		id := string(event.UserID)
		j.who[id] = f.user(id).ID
	}
	if !slices.ContainsFunc(j.events, func(e store.AuditEvent) bool { return e.Action == store.ActionMerge }) {
		f.Fatal("nobody was merged: this test tries less than it says")
	}
	return j
}

func (j *journal) happening(random *rand.Rand) error {
	in := j.comingTo(pick(random, []string{app, otherApp}), pick(random, crowd), "")
	if random.IntN(6) == 0 {
		in.UnionID = store.Optional("union-" + in.OpenID)
	}
	out, err := j.come(in)
	if err != nil {
		return err
	}
	if out.User.Blocked() {
		return errorOf(j.store.Unblock(j.Context(), out.User.ID, actor))
	}
	switch random.IntN(12) {
	case 0:
		_, err = j.store.Block(j.Context(), out.User.ID, "spam", actor)
	case 1:
		_, err = j.store.EndSessions(j.Context(), out.User.ID, store.Actor{ID: out.User.ID})
	case 2:
		err = j.refuse(in.OpenID, j.key("refused"))
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
	}
	return err
}

func (j *journal) anyQuery(random *rand.Rand) store.AuditQuery {
	event := pick(random, j.events)
	around := func() time.Time { // within half a millisecond of an event
		return pick(random, j.events).At.Add(time.Duration(random.IntN(3)-1) * instant / 2)
	}
	q := store.AuditQuery{Limit: 1 + random.IntN(40)}
	if random.IntN(2) == 0 {
		q.Filter.UserID = pick(random, []string{string(event.UserID), string(event.UserID), store.NewID(store.UserPrefix, begin), "nobody"})
	}
	if random.IntN(2) == 0 {
		q.Filter.Action = pick(random, []string{pick(random, j.events).Action, store.ActionBlock, store.ActionLogin, "nothing", "block\x00"})
	}
	if random.IntN(4) == 0 {
		q.Filter.At.From = around()
	}
	if random.IntN(4) == 0 {
		q.Filter.At.To = around()
	}
	q.After = pick(random, []string{"", "", event.ID, store.NewID(store.EventPrefix, event.At)})
	return q
}

func (j *journal) matches(f store.AuditFilter, e store.AuditEvent) bool {
	var sameUser bool
	if user, known := j.who[f.UserID]; known {
		sameUser = user == j.who[string(e.UserID)]
	}
	return (f.UserID == "" || sameUser) && (f.Action == "" || f.Action == e.Action) &&
		(f.At.From.IsZero() || !e.At.Before(f.At.From)) && (f.At.To.IsZero() || e.At.Before(f.At.To))
}

func (j *journal) page(q store.AuditQuery) (page store.AuditPage) {
	for _, event := range j.events {
		switch {
		case !j.matches(q.Filter, event):
		case q.After != "" && event.ID >= q.After:
			page.HasPrevious = true
		case len(page.Events) < q.Limit:
			page.Events = append(page.Events, event)
		default:
			page.HasNext = true
		}
	}
	return page
}

func (j *journal) count(f store.AuditFilter) (n int) {
	for _, event := range j.events {
		if j.matches(f, event) {
			n++
		}
	}
	return n
}
