package mysql

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"menshen/store"
)

// spread hands each call to the next of several instances, as a load balancer does
// that knows nothing of sessions.
type spread struct {
	all   []*Store
	calls atomic.Uint64
}

var _ store.Store = (*spread)(nil)

func (s *spread) next() *Store { return s.all[s.calls.Add(1)%uint64(len(s.all))] }

// Sweep has every instance write down what it saw used, as each would at its next
// own sweep.
func (s *spread) Sweep(ctx context.Context, limit int) (int, error) {
	for _, one := range s.all {
		if err := one.flushTouches(ctx); err != nil {
			return 0, err
		}
	}
	return s.next().Sweep(ctx, limit)
}

func (s *spread) Close() (err error) {
	for _, one := range s.all {
		err = errors.Join(err, one.Close())
	}
	return err
}

func (s *spread) Login(ctx context.Context, in store.Login) (store.LoggedIn, error) {
	return s.next().Login(ctx, in)
}

func (s *spread) RefuseLogin(ctx context.Context, in store.RefusedLogin) error {
	return s.next().RefuseLogin(ctx, in)
}

func (s *spread) SessionKeys(ctx context.Context, appID, openID string) ([]store.SessionKey, error) {
	return s.next().SessionKeys(ctx, appID, openID)
}

func (s *spread) Authenticate(ctx context.Context, sessionID string) (store.Session, store.User, error) {
	return s.next().Authenticate(ctx, sessionID)
}

func (s *spread) Refresh(ctx context.Context, in store.Refresh) (store.Session, store.User, error) {
	return s.next().Refresh(ctx, in)
}

func (s *spread) EndSession(ctx context.Context, userID, sessionID string, by store.Actor) error {
	return s.next().EndSession(ctx, userID, sessionID, by)
}

func (s *spread) EndSessions(ctx context.Context, userID string, by store.Actor) (int, error) {
	return s.next().EndSessions(ctx, userID, by)
}

func (s *spread) Session(ctx context.Context, id string) (store.Session, error) {
	return s.next().Session(ctx, id)
}

func (s *spread) Sessions(ctx context.Context, userID string) ([]store.Session, error) {
	return s.next().Sessions(ctx, userID)
}

func (s *spread) CountSessions(ctx context.Context) (int, error) { return s.next().CountSessions(ctx) }

func (s *spread) OldestSession(ctx context.Context) (time.Time, error) {
	return s.next().OldestSession(ctx)
}

func (s *spread) OpenScanLogin(ctx context.Context, in store.OpenScanLogin) (store.ScanLogin, error) {
	return s.next().OpenScanLogin(ctx, in)
}

func (s *spread) ScanLogin(ctx context.Context, id string) (store.ScanLogin, error) {
	return s.next().ScanLogin(ctx, id)
}

func (s *spread) ClaimScanLogin(ctx context.Context, id, sessionID string) (store.ScanLogin, error) {
	return s.next().ClaimScanLogin(ctx, id, sessionID)
}

func (s *spread) AnswerScanLogin(ctx context.Context, id, sessionID string, approve bool, by store.Actor) (store.ScanLogin, error) {
	return s.next().AnswerScanLogin(ctx, id, sessionID, approve, by)
}

func (s *spread) RedeemScanLogin(ctx context.Context, in store.RedeemScanLogin) (store.ScanLogin, *store.LoggedIn, error) {
	return s.next().RedeemScanLogin(ctx, in)
}

func (s *spread) User(ctx context.Context, id string) (store.User, error) {
	return s.next().User(ctx, id)
}

func (s *spread) UserByIdentity(ctx context.Context, appID, openID string) (store.User, error) {
	return s.next().UserByIdentity(ctx, appID, openID)
}

func (s *spread) UserByUnionID(ctx context.Context, unionID string) (store.User, error) {
	return s.next().UserByUnionID(ctx, unionID)
}

func (s *spread) UserByPhone(ctx context.Context, phone store.Phone) (store.User, error) {
	return s.next().UserByPhone(ctx, phone)
}

func (s *spread) Users(ctx context.Context, q store.UserQuery) (store.UserPage, error) {
	return s.next().Users(ctx, q)
}

func (s *spread) CountUsers(ctx context.Context, f store.UserFilter) (n int, exact bool, err error) {
	return s.next().CountUsers(ctx, f)
}

func (s *spread) KeepProfile(ctx context.Context, userID string, profile store.Profile) (store.User, error) {
	return s.next().KeepProfile(ctx, userID, profile)
}

func (s *spread) UpdateProfile(ctx context.Context, userID string, change store.ProfileChange) (store.User, error) {
	return s.next().UpdateProfile(ctx, userID, change)
}

func (s *spread) BindPhone(ctx context.Context, userID string, phone store.Phone, by store.Actor) (store.User, error) {
	return s.next().BindPhone(ctx, userID, phone, by)
}

func (s *spread) UnbindPhone(ctx context.Context, userID string, by store.Actor) (store.User, error) {
	return s.next().UnbindPhone(ctx, userID, by)
}

func (s *spread) Block(ctx context.Context, userID, reason string, by store.Actor) (store.User, error) {
	return s.next().Block(ctx, userID, reason, by)
}

func (s *spread) Unblock(ctx context.Context, userID string, by store.Actor) (store.User, error) {
	return s.next().Unblock(ctx, userID, by)
}

func (s *spread) SetRole(ctx context.Context, userID string, role store.Role, by store.Actor) (store.User, error) {
	return s.next().SetRole(ctx, userID, role, by)
}

func (s *spread) DeleteUser(ctx context.Context, userID string, by store.Actor) (id string, err error) {
	return s.next().DeleteUser(ctx, userID, by)
}

func (s *spread) Withdraw(ctx context.Context, w store.Withdrawal) error {
	return s.next().Withdraw(ctx, w)
}

func (s *spread) Export(ctx context.Context, userID string) (store.Export, error) {
	return s.next().Export(ctx, userID)
}

func (s *spread) AuditEvent(ctx context.Context, id string) (store.AuditEvent, error) {
	return s.next().AuditEvent(ctx, id)
}

func (s *spread) AuditEvents(ctx context.Context, q store.AuditQuery) (store.AuditPage, error) {
	return s.next().AuditEvents(ctx, q)
}

func (s *spread) CountAuditEvents(ctx context.Context, f store.AuditFilter) (n int, exact bool, err error) {
	return s.next().CountAuditEvents(ctx, f)
}

func (s *spread) Activity(ctx context.Context, from, to store.Day, appID string) ([]store.Activity, error) {
	return s.next().Activity(ctx, from, to, appID)
}

func (s *spread) Secret(ctx context.Context, name string) ([]byte, error) {
	return s.next().Secret(ctx, name)
}

func (s *spread) UpdateSecret(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	return s.next().UpdateSecret(ctx, name, change)
}

func (s *spread) SealingKeys(ctx context.Context) ([]store.SealingKey, error) {
	return s.next().SealingKeys(ctx)
}

func (s *spread) RotateSealing(ctx context.Context) error { return s.next().RotateSealing(ctx) }

func (s *spread) PruneSealing(ctx context.Context) ([]string, error) {
	return s.next().PruneSealing(ctx)
}

func (s *spread) Lease(ctx context.Context, name string, life time.Duration) (held bool, err error) {
	return s.next().Lease(ctx, name, life)
}

func (s *spread) Check(ctx context.Context, problem func(string)) (store.Inventory, error) {
	return s.next().Check(ctx, problem)
}

func (s *spread) Ping(ctx context.Context) error { return s.next().Ping(ctx) }
