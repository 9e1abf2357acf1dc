package resolvers

import (
	"context"

	"menshen/graph"
	"menshen/store"
)

// Me answers the signed-in user, null for a service key.
func (r query) Me(ctx context.Context) (*store.User, error) {
	who, err := r.caller(ctx)
	return who.user, err
}

// Sessions lists the user's live sessions, newest first.
func (r user) Sessions(ctx context.Context, u *store.User) ([]*store.Session, error) {
	live, err := r.Store.Sessions(ctx, u.ID)
	return pointers(live), err
}

// PhoneNumber shows the number to the user and to administrators.
func (r user) PhoneNumber(ctx context.Context, u *store.User) (*graph.PhoneNumber, error) {
	if u.Phone == nil || !r.mayRead(ctx, u.ID) {
		return nil, nil
	}
	return &graph.PhoneNumber{
		PhoneNumber: u.Phone.Number, PurePhoneNumber: u.Phone.PureNumber, CountryCode: u.Phone.CountryCode,
	}, nil
}

// DeleteMe erases the caller.
func (r mutation) DeleteMe(ctx context.Context) (*graph.DeleteUserPayload, error) {
	_, user, err := r.self(ctx)
	if err != nil {
		return nil, err
	}
	return deletePayload(r.Store.DeleteUser(ctx, user.ID, actor(ctx, user.ID)))
}

func userPayload(u store.User, err error) (*graph.UserPayload, error) {
	if err != nil {
		return nil, err
	}
	return &graph.UserPayload{User: &u}, nil
}

func deletePayload(id string, err error) (*graph.DeleteUserPayload, error) {
	if err != nil {
		return nil, err
	}
	return &graph.DeleteUserPayload{ID: id}, nil
}
