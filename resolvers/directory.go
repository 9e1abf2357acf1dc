package resolvers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"menshen/graph"
	"menshen/store"
)

// User finds one user by one of their names.
func (r query) User(ctx context.Context, id, unionID, phoneNumber, openID, appID *string) (*store.User, error) {
	given := 0
	for _, name := range []*string{id, unionID, phoneNumber, openID} {
		if name != nil {
			given++
		}
	}
	if given != 1 {
		return nil, invalidInput("id", "or one of unionId, phoneNumber and openId must be given, and only one of them")
	}
	if appID != nil && openID == nil {
		return nil, invalidInput("appId", "must come with openId")
	}
	u, err := r.userBy(ctx, id, unionID, phoneNumber, openID, appID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &u, nil
}

func (r query) userBy(ctx context.Context, id, unionID, phoneNumber, openID, appID *string) (store.User, error) {
	switch {
	case id != nil:
		return r.Store.User(ctx, *id)
	case unionID != nil:
		return r.Store.UserByUnionID(ctx, *unionID)
	case phoneNumber != nil:
		return r.userByPhone(ctx, *phoneNumber)
	}
	app, err := r.appID(appID)
	if err != nil {
		return store.User{}, err
	}
	return r.Store.UserByIdentity(ctx, app, *openID)
}

// userByPhone finds who holds the likeliest of the numbers that a text may mean.
func (r query) userByPhone(ctx context.Context, text string) (store.User, error) {
	for _, phone := range store.PhoneCandidates(text) {
		u, err := r.Store.UserByPhone(ctx, phone)
		if !errors.Is(err, store.ErrNotFound) {
			return u, err
		}
	}
	return store.User{}, store.ErrNotFound
}

// Users answers one page of the directory.
func (r query) Users(
	ctx context.Context, first *int32, after *string, last *int32, before *string,
	filter *graph.UserFilter, orderBy *graph.UserOrder,
) (*graph.UserConnection, error) {
	dir := directoryOf(orderBy)
	q := store.UserQuery{Order: dir.order, Last: last != nil}
	var err error
	if q.Limit, err = directoryPageSize(first, last); err != nil {
		return nil, err
	}
	if q.After, err = dir.position("after", after); err != nil {
		return nil, err
	}
	if q.Before, err = dir.position("before", before); err != nil {
		return nil, err
	}
	if q.Filter, err = userFilter(filter); err != nil {
		return nil, err
	}
	page, err := r.Store.Users(ctx, q)
	if err != nil {
		return nil, err
	}
	return dir.connection(page, q.Filter), nil
}

// TotalCount counts the users of the connection's filter.
func (r userConnection) TotalCount(ctx context.Context, c *graph.UserConnection) (*int32, error) {
	return counted(visitOf(ctx), c.Filter, c.Filter.Counted(), func() (int, bool, error) {
		return r.Store.CountUsers(ctx, c.Filter)
	})
}

func directoryPageSize(first, last *int32) (int, error) {
	switch {
	case first != nil && last != nil:
		return 0, invalidInput("last", "must not come with first")
	case last != nil:
		return pageSize("last", last)
	}
	return pageSize("first", first)
}

// directory is the list of users in one order.
type directory struct {
	order store.UserOrder
	kind  byte // names the order in cursors
}

// directoryOf returns the directory in the order asked for, by default the
// newest users first.
func directoryOf(orderBy *graph.UserOrder) directory {
	d := directory{store.UserOrder{By: store.ByCreatedAt, Descending: true}, usersByCreatedAt}
	if orderBy == nil {
		return d
	}
	d.order = store.UserOrder{By: orderBy.Field, Descending: orderBy.Direction == graph.OrderDirectionDesc}
	if orderBy.Field == store.ByLastLoginAt {
		d.kind = usersByLastLoginAt
	}
	return d
}

// position reads a cursor of the directory; nil stays nil.
func (d directory) position(field string, text *string) (*store.UserPosition, error) {
	if text == nil {
		return nil, nil
	}
	c, err := parseCursor(field, d.kind, *text)
	if err != nil {
		return nil, err
	}
	return &store.UserPosition{At: c.at, ID: c.id.Text(store.UserPrefix)}, nil
}

func (d directory) connection(page store.UserPage, filter store.UserFilter) *graph.UserConnection {
	edges, cursors := edgesOf(page.Users, d.placeOf, func(u *store.User, cursor string) *graph.UserEdge {
		return &graph.UserEdge{Node: u, Cursor: cursor}
	})
	return &graph.UserConnection{Edges: edges, PageInfo: pageInfo(cursors, page.HasNext, page.HasPrevious), Filter: filter}
}

func (d directory) placeOf(u *store.User) cursor {
	raw, _ := store.ParseID(store.UserPrefix, u.ID) // a kept user's id is one
	return cursor{d.kind, d.order.PositionOf(*u).At, raw}
}

// maxSearch is more than a nickname's start needs, in bytes.
const maxSearch = 128

// userFilter checks a filter; nil lets everybody through.
func userFilter(in *graph.UserFilter) (f store.UserFilter, err error) {
	if in == nil {
		return f, nil
	}
	f = store.UserFilter{
		Search: orZero(in.Search), AppID: orZero(in.AppID), Status: orZero(in.Status), Role: orZero(in.Role),
	}
	if len(f.Search) > maxSearch || !utf8.ValidString(f.Search) || strings.ContainsFunc(f.Search, unicode.IsControl) {
		return f, invalidInput("filter.search", fmt.Sprintf("must have at most %d bytes and no control characters", maxSearch))
	}
	if f.Created, err = timeRange("filter.createdFrom", "filter.createdTo", in.CreatedFrom, in.CreatedTo); err != nil {
		return f, err
	}
	f.LastLogin, err = timeRange("filter.lastLoginFrom", "filter.lastLoginTo", in.LastLoginFrom, in.LastLoginTo)
	return f, err
}
