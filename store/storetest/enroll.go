package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"menshen/store"
)

// DirectoryUsers makes the users of a large directory, oldest first. They are in
// everything but their ids the same each time.
func DirectoryUsers(size int) []store.User {
	random := rand.New(rand.NewPCG(2026, 11))
	users := make([]store.User, size)
	for i := range users {
		users[i] = enrolled(random, i)
	}
	return users
}

// Enroll writes users down in an empty store as their logins would have left them,
// but for the figures: so many logins would take minutes.
func Enroll(ctx context.Context, s store.Transferable, users []store.User) error {
	reached, err := s.BeginTransfer(ctx, []byte("a directory"))
	if err != nil {
		return err
	}
	for some := range slices.Chunk(users, populationBatch) {
		var batch store.Batch
		for _, u := range some {
			batch.Users = append(batch.Users, store.KeptUser{User: u, SessionKeys: make([][]store.SessionKey, len(u.Identities))})
		}
		next := store.Checkpoint{Origin: reached.Origin, Part: store.PartUsers, After: []byte(some[len(some)-1].ID)}
		if err := s.Receive(ctx, reached, next, batch); err != nil {
			return err
		}
		reached = next
	}
	return s.EndTransfer(ctx)
}

// enrolled is one of two users a minute from begin: every second one is in another app too, one
// in 50 blocked and one in 1,000 an administrator.
func enrolled(random *rand.Rand, i int) store.User {
	created := begin.Add(time.Duration(i/2) * time.Minute)
	u := store.User{
		ID: store.NewID(store.UserPrefix, created), Role: store.RoleUser, UnionID: store.Optional(fmt.Sprint("union-", i)),
		Identities: []store.Identity{{AppID: app, OpenID: fmt.Sprint("person-", i), LinkedAt: created}},
		CreatedAt:  created, LastLoginAt: created.Add(time.Duration(random.IntN(30*24)) * time.Hour), LoginCount: 1,
	}
	names := []string{"Anna", "ANN", "anton", "爱丽丝", "爱丽", "微信用户"}
	u.Profile.NickName = store.Optional(names[random.IntN(len(names))] + fmt.Sprint(random.IntN(1000)))
	if random.IntN(2) == 0 {
		u.Identities = append(u.Identities, store.Identity{AppID: otherApp, OpenID: fmt.Sprint("there-", i), LinkedAt: created})
	}
	if random.IntN(10) == 0 {
		number := numbered(i)
		number.BoundAt = created
		u.Phone = &number
	}
	if random.IntN(50) == 0 {
		u.BlockedAt, u.BlockedReason = u.LastLoginAt, "reason"
	}
	if random.IntN(1000) == 0 {
		u.Role = store.RoleAdmin
	}
	return u
}
