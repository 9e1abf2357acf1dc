package main_test

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// person is somebody with an account in each of some apps.
type person struct {
	name   string
	number int // of all persons
	apps   []string
	// lives are the ways in which all that was answered may have come about; nil
	// when a question stayed without an answer, so that nobody can know.
	lives []life
}

// newPerson makes every third one an outsider.
func newPerson(number int) *person {
	p := &person{name: fmt.Sprint("person ", number), number: number, apps: []string{appOne, appTwo}, lives: []life{{}}}
	if number%3 == 2 {
		p.apps = []string{appOutside}
	}
	return p
}

// life is what a person's users and sessions have come to. Slices in it are
// replaced, never changed, since other lives share them.
type life struct {
	users    []townUser
	sessions []townSession
	gone     []string // ids that were erased
}

// townUser is one user of a person, who may have two until WeChat tells that it
// is one person.
type townUser struct {
	id             string
	former         []string
	apps           []string // of the accounts
	named          bool     // by a unionid
	blocked, admin bool
	name, phone    string
	logins         int
}

type townSession struct {
	app, owner    string // owner is a user's id
	state         sessionState
	access        string
	refresh, used string // the token to exchange next, and the one before
	exchanges     int
}

type sessionState int

const (
	sessionLive  sessionState = iota
	sessionShut               // by a block
	sessionEnded              // by anything else
)

// act is something that happens to a person. It asks the server and returns what
// a life becomes when the answer is right in it: nothing when it is wrong, several
// lives when there are several ways.
type act func(ctx context.Context) (explanation, error)

type explanation func(life) []life

// unexplained is that no order of events explains the answers.
type unexplained struct {
	person *person
	lives  []life
}

// Error tells what was known.
func (e *unexplained) Error() string {
	return fmt.Sprintf("%s: the answers do not fit what was answered before: %+v", e.person.name, e.lives)
}

// play does one thing and leaves the person with the lives that explain it.
func (c *client) play(ctx context.Context, p *person, lives []life, do act) error {
	explain, err := do(ctx)
	if err != nil {
		return err
	}
	return p.become(lives, explained(lives, explain))
}

// playBoth does two things at once; one after the other must explain them.
func (c *client) playBoth(ctx context.Context, p *person, lives []life, one, other act) error {
	var first, second explanation
	var group errgroup.Group
	group.Go(func() (err error) { first, err = one(ctx); return err })
	group.Go(func() (err error) { second, err = other(ctx); return err })
	if err := group.Wait(); err != nil {
		return err
	}
	return p.become(lives, slices.Concat(explained(explained(lives, first), second), explained(explained(lives, second), first)))
}

func explained(lives []life, explain explanation) (after []life) {
	for _, l := range lives {
		l.users, l.sessions = slices.Clone(l.users), slices.Clone(l.sessions)
		after = append(after, explain(l)...)
	}
	return after
}

// become keeps each of the lives once.
func (p *person) become(before, after []life) error {
	for _, l := range after {
		l.sort()
		if !slices.ContainsFunc(p.lives, func(known life) bool { return reflect.DeepEqual(known, l) }) {
			p.lives = append(p.lives, l)
		}
	}
	if p.lives == nil {
		return &unexplained{p, before}
	}
	return nil
}

// sort has two orders of events that come to the same be one life.
func (l life) sort() {
	slices.SortFunc(l.users, func(a, b townUser) int { return strings.Compare(a.id, b.id) })
	slices.SortFunc(l.sessions, func(a, b townSession) int { return strings.Compare(a.refresh, b.refresh) })
	slices.Sort(l.gone)
	for _, u := range l.users {
		slices.Sort(u.former)
	}
}

// only is the life itself if something is right in it.
func (l life) only(right bool) []life {
	if right {
		return []life{l}
	}
	return nil
}

// user finds a user by id, a former one too; nil when there is none.
func (l life) user(id string) *townUser {
	return l.find(func(u townUser) bool { return u.id == id || slices.Contains(u.former, id) })
}

func (l life) userIn(app string) *townUser {
	return l.find(func(u townUser) bool { return slices.Contains(u.apps, app) })
}

func (l life) find(is func(townUser) bool) *townUser {
	if i := slices.IndexFunc(l.users, is); i >= 0 {
		return &l.users[i]
	}
	return nil
}

// session finds a session by its refresh token, or by the one before.
func (l life) session(refresh string) *townSession {
	i := slices.IndexFunc(l.sessions, func(s townSession) bool { return s.refresh == refresh || s.used == refresh })
	return &l.sessions[i]
}

// fate is the code that a session answers with, "" while it lives.
func (l life) fate(s townSession) string {
	switch owner := l.user(s.owner); {
	case s.state == sessionLive:
		return ""
	case s.state == sessionShut && owner != nil && owner.blocked:
		return "USER_BLOCKED"
	}
	return "UNAUTHENTICATED"
}

// end ends the live sessions of a user.
func (l life) end(id string, how sessionState) {
	for i := range l.sessions {
		if s := &l.sessions[i]; s.owner == id && s.state == sessionLive {
			s.state = how
		}
	}
}

// erase removes a user with all that is theirs.
func (l life) erase(u townUser) life {
	for i := range l.sessions {
		if l.sessions[i].owner == u.id {
			l.sessions[i].state = sessionEnded
		}
	}
	l.gone = slices.Concat(l.gone, []string{u.id}, u.former)
	l.users = slices.DeleteFunc(l.users, func(other townUser) bool { return other.id == u.id })
	return l
}

// merge makes one user of two. Of two names and of two numbers the later one
// stays; which that is, a clock of milliseconds may not tell.
func (l life) merge(a, b townUser) (lives []life) {
	older, newer := a, b
	if b.id < a.id {
		older, newer = b, a
	}
	one := townUser{
		id: older.id, former: slices.Concat(older.former, newer.former, []string{newer.id}),
		apps: slices.Sorted(slices.Values(slices.Concat(older.apps, newer.apps))), named: true,
		blocked: older.blocked || newer.blocked, admin: older.admin && newer.admin,
		logins: older.logins + newer.logins,
	}
	for _, one.name = range either(older.name, newer.name) {
		for _, one.phone = range either(older.phone, newer.phone) {
			lives = append(lives, l.replace(older, newer, one))
		}
	}
	return lives
}

func either(a, b string) []string {
	if a == "" || b == "" || a == b {
		return []string{cmp.Or(a, b)}
	}
	return []string{a, b}
}

func (l life) replace(older, newer, one townUser) life {
	l.users = slices.DeleteFunc(slices.Clone(l.users), func(u townUser) bool { return u.id == older.id || u.id == newer.id })
	l.users = append(l.users, one)
	l.sessions = slices.Clone(l.sessions)
	for i := range l.sessions {
		if l.sessions[i].owner == newer.id {
			l.sessions[i].owner = one.id
		}
	}
	if one.blocked {
		l.end(one.id, sessionShut)
	}
	return l
}
