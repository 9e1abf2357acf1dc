package resolvers

import (
	"context"
	"errors"
	"iter"

	"github.com/99designs/gqlgen/graphql"

	"menshen/store"
)

// Events carries messages between requests: of this process, or of all that share a
// store. One is published after what it tells of is durable. It may come twice, and
// may be lost to a subscriber who is slow; the store is the truth.
type Events interface {
	// Publish does not wait for anybody.
	Publish(topic, message string)
	// Subscribe returns what is published from its return on; the channel is closed
	// when the context ends.
	Subscribe(ctx context.Context, topic string) <-chan string
}

// The topics of Events. Their messages are ids.
const (
	loginTopic     = "login "      // and an AppID, or nothing for every app: a user has logged in
	scanLoginTopic = "scan login " // and a ticket's id: it has changed
)

// announce tells who listens that a user has logged in.
func (r *Resolver) announce(session store.Session) {
	r.Events.Publish(loginTopic, session.UserID)
	r.Events.Publish(loginTopic+session.AppID, session.UserID)
}

// UserLoggedIn answers each user as they log in.
func (r subscription) UserLoggedIn(ctx context.Context, appID *string) (<-chan *store.User, error) {
	topic := loginTopic
	if appID != nil {
		app, err := r.servedApp(appID)
		if err != nil {
			return nil, err
		}
		topic += app
	}
	return stream(ctx, r.Resolver, r.usersOf(ctx, r.Events.Subscribe(ctx, topic))), nil
}

// usersOf reads the users that messages name. While the caller may not see them any
// more they are passed over: it is for the transport to end the subscription and
// to say why (Recheck).
func (r subscription) usersOf(ctx context.Context, messages <-chan string) iter.Seq2[*store.User, error] {
	return func(yield func(*store.User, error) bool) {
		for id := range messages {
			if r.Recheck(ctx) != nil {
				continue
			}
			u, err := r.Store.User(ctx, id)
			if errors.Is(err, store.ErrNotFound) { // deleted since
				continue
			}
			if !yield(&u, err) {
				return
			}
		}
	}
}

// stream answers what a sequence yields, until the sequence or the context ends.
// An error ends it too, and is logged: a stream that has begun has no place for it.
func stream[T any](ctx context.Context, r *Resolver, values iter.Seq2[T, error]) <-chan T {
	out := make(chan T)
	go func() {
		defer close(out)
		defer func() {
			if p := recover(); p != nil { // it would end the process
				r.logEnd(ctx, r.Recover(ctx, p))
			}
		}()
		for value, err := range values {
			if ctx.Err() != nil { // and err is no more than that
				return
			}
			if err != nil {
				r.logEnd(ctx, err)
				return
			}
			select {
			case out <- value:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func (r *Resolver) logEnd(ctx context.Context, err error) {
	_, code := translate(err)
	r.log(ctx, code, graphql.GetPath(ctx), err)
}

// Recheck tells why a subscription must end: its caller's login state has, or the
// role that it needs is gone. Nothing ends one that needs no login state and whose
// request brought none. The caller that it finds is the one that all fields see from
// then on.
func (r *Resolver) Recheck(ctx context.Context) error {
	v := visitOf(ctx)
	requires := v.required()
	if requires == "" {
		return nil
	}
	v.doubt()
	return r.allow(ctx, requires)
}

// Connect authenticates a connection that will carry many requests, by the token
// that its first message brings; "" leaves it with that of the HTTP request, if it
// had one, else anonymous. The context that it returns is the connection's: Recheck
// refuses it when the login state has ended. The error is for Present.
func (r *Resolver) Connect(ctx context.Context, bearer string) (context.Context, error) {
	request := visitOf(ctx).Request
	if bearer != "" {
		request.Bearer = bearer
	}
	ctx = WithRequest(ctx, request)
	if request.Bearer == "" {
		return ctx, nil
	}
	return ctx, r.allow(ctx, store.RoleUser)
}

// Begin returns a context for one more request on a connection, which finds out
// for itself who asks.
func Begin(ctx context.Context) context.Context {
	return WithRequest(ctx, visitOf(ctx).Request)
}
