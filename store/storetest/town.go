package storetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"menshen/store"
)

// town is a store full of people who came, came again, turned out to be one, and
// were administered.
type town struct {
	*fixture
	random *rand.Rand
	people []store.Identity
	ids    map[string]bool // also of those who are somebody else by now
}

// openTown opens a store and fills it with some 400 people.
func openTown(t *testing.T, h Harness, seed uint64) *town {
	n := &town{fixture: open(t, h), random: rand.New(rand.NewPCG(1, seed)), ids: map[string]bool{}}
	for range 800 {
		n.clock.Advance(time.Duration(n.random.IntN(4)) * 20 * time.Minute)
		n.step()
	}
	return n
}

// step has somebody come, for the first time or again, and may do something to
// them. That another has their number already is no fault.
func (n *town) step() {
	out, err := n.come(n.somebody())
	n.need(err)
	user := out.User
	n.ids[user.ID] = true
	switch n.random.IntN(24) {
	case 0:
		_, err = n.store.DeleteUser(n.Context(), user.ID, actor)
		n.forget(user)
	case 1, 2:
		_, err = n.store.Block(n.Context(), user.ID, "reason", actor)
	case 3:
		_, err = n.store.Unblock(n.Context(), user.ID, actor)
	case 4, 5:
		_, err = n.store.SetRole(n.Context(), user.ID, pick(n.random, []store.Role{store.RoleAdmin, store.RoleUser}), actor)
	case 6, 7, 8, 9:
		_, err = n.store.BindPhone(n.Context(), user.ID, numbered(n.random.IntN(200)), actor)
	case 10, 11, 12, 13:
		_, err = n.store.KeepProfile(n.Context(), user.ID, store.Profile{NickName: n.name()})
	}
	if !errors.Is(err, store.ErrPhoneTaken) {
		n.need(err)
	}
}

// somebody is a person who is new or has come before. WeChat may know a unionid of
// theirs by now, and two people may turn out to have the same.
func (n *town) somebody() (in store.Login) {
	if again := n.random.IntN(5) < 2 && len(n.people) > 0; again {
		who := pick(n.random, n.people)
		in = n.comingTo(who.AppID, who.OpenID, "")
	} else {
		in = n.comingTo(pick(n.random, []string{app, app, otherApp, thirdApp}), fmt.Sprintf("person-%d", len(n.people)), "")
		in.Profile = &store.Profile{NickName: n.name()}
		n.people = append(n.people, store.Identity{AppID: in.AppID, OpenID: in.OpenID})
	}
	if n.random.IntN(3) == 0 {
		in.UnionID = store.Optional(fmt.Sprintf("union-%d", n.random.IntN(150)))
	}
	return in
}

func (n *town) forget(user store.User) {
	for _, id := range append(user.FormerIDs, user.ID) {
		delete(n.ids, id)
	}
}

func (n *town) name() store.Optional {
	return pick(n.random, []store.Optional{
		"Anna", "ANNABEL", "anna maria", "Ann", "Зоя", "зоопарк", "ЗОЯ", "爱丽丝", "爱丽", "微信用户", "%_", "usr_", "",
	})
}

// users reads everybody, each once.
func (n *town) users() []store.User {
	everybody := map[string]store.User{}
	for id := range n.ids {
		user := n.user(id)
		everybody[user.ID] = user
	}
	return slices.Collect(maps.Values(everybody))
}
