package resolvers

import (
	"context"
	"strings"
	"unicode"

	"menshen/graph"
	"menshen/store"
)

// maxReason is the longest reason of a block, in characters.
const maxReason = 500

// BlockUser refuses the user's logins and ends their sessions.
func (r mutation) BlockUser(ctx context.Context, id, reason string) (*graph.UserPayload, error) {
	reason = strings.TrimSpace(reason)
	if rule := checkText(reason, maxReason, disturbsLines); rule != "" {
		return nil, invalidInput("reason", rule)
	}
	return r.administer(ctx, func(by store.Actor) (store.User, error) { return r.Store.Block(ctx, id, reason, by) })
}

// UnblockUser lets a blocked user log in again.
func (r mutation) UnblockUser(ctx context.Context, id string) (*graph.UserPayload, error) {
	return r.administer(ctx, func(by store.Actor) (store.User, error) { return r.Store.Unblock(ctx, id, by) })
}

// SetUserRole gives the user a role.
func (r mutation) SetUserRole(ctx context.Context, id string, role store.Role) (*graph.UserPayload, error) {
	return r.administer(ctx, func(by store.Actor) (store.User, error) { return r.Store.SetRole(ctx, id, role, by) })
}

// RevokeUserSessions ends all sessions of the user.
func (r mutation) RevokeUserSessions(ctx context.Context, id string) (*graph.UserPayload, error) {
	return r.administer(ctx, func(by store.Actor) (store.User, error) {
		if _, err := r.Store.EndSessions(ctx, id, by); err != nil {
			return store.User{}, err
		}
		return r.Store.User(ctx, id)
	})
}

// UnbindUserPhoneNumber forgets the user's number.
func (r mutation) UnbindUserPhoneNumber(ctx context.Context, id string) (*graph.UserPayload, error) {
	return r.administer(ctx, func(by store.Actor) (store.User, error) { return r.Store.UnbindPhone(ctx, id, by) })
}

// DeleteUser erases the user.
func (r mutation) DeleteUser(ctx context.Context, id string) (*graph.DeleteUserPayload, error) {
	by, err := r.administrator(ctx)
	if err != nil {
		return nil, err
	}
	return deletePayload(r.Store.DeleteUser(ctx, id, by))
}

// administer does something to a user in the name of the administrator.
func (r mutation) administer(ctx context.Context, do func(by store.Actor) (store.User, error)) (*graph.UserPayload, error) {
	by, err := r.administrator(ctx)
	if err != nil {
		return nil, err
	}
	return userPayload(do(by))
}

// administrator is the caller, whom @auth has let in, as the audit names them.
func (r mutation) administrator(ctx context.Context) (store.Actor, error) {
	who, err := r.caller(ctx)
	return actor(ctx, who.name()), err
}

// disturbsLines is disturbs for a text that may have several lines.
func disturbsLines(r rune) bool { return disturbs(r) && !unicode.IsSpace(r) }
