package main

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"menshen/gate"
	"menshen/gqlhttp"
	"menshen/graph"
	"menshen/resolvers"
	"menshen/store"
)

const (
	// documentMemory and textMemory bound, in bytes, what is remembered of documents:
	// parsed ones, and texts that clients sent with their hash.
	documentMemory = 8 << 20
	textMemory     = 1 << 20
)

// listSizes are what lists without arguments may have. A day of activity is added
// up from several records, and counts for more than one.
var listSizes = map[string]int{"Query.userActivity": 500, "User.identities": 5}

// newGraphQL joins the schema, the resolvers and the transport.
func newGraphQL(p parts, entrance *entrance) http.Handler {
	s, documents := p.settings, gqlhttp.NewDocuments(documentMemory)
	limits, tell := gqlhttp.Limits(s.Limits), s.Introspection == "on" // suggestions tell of the schema
	gql := handler.New(graph.NewExecutableSchema(p.resolver.Config()))
	gql.AddTransport(newWebSocket(p, entrance))
	gql.AddTransport(gqlhttp.HTTP{OperationTimeout: requestTimeout, WriteTimeout: writeTimeout, Streams: p.streams, Unavailable: noStore})
	gql.SetQueryCache(documents)
	gql.SetParserTokenLimit(limits.Tokens)
	gql.SetDisableSuggestion(!tell)
	gql.SetValidationRulesFn(func() *rules.Rules { return gqlhttp.Rules(tell) })
	gql.SetErrorPresenter(p.resolver.Present)
	gql.SetRecoverFunc(p.resolver.Recover)
	gql.Use(gqlhttp.Report{To: p.report}) // first: it hears of what the others make of an answer
	gql.Use(gqlhttp.Answers{Bytes: maxAnswer, Room: p.answers, Caller: networkOf})
	gql.Use(gqlhttp.Persisted{Trusted: p.trusted, TrustedOnly: trustedOnly(s.UntrustedDocuments, p.resolver), Texts: gqlhttp.NewTexts(textMemory)})
	gql.Use(&gqlhttp.Guard{Limits: limits, Lists: listSizes, Documents: documents, Turns: newTurns()})
	gql.Use(gqlhttp.Introspection{Allow: introspectionPolicy(s.Introspection, p.resolver)})
	return gql
}

// noStore says of an error that a store caused it that cannot work now.
func noStore(err *gqlerror.Error) bool { return errors.Is(err, store.ErrUnavailable) }

const (
	// maxAnswer is ten times what a full page of the dashboard has, in bytes.
	maxAnswer = 1 << 20
	// writeTimeout bounds how long a slow reader holds a large answer or an event.
	writeTimeout = 10 * time.Second
	// waitingOfOne are the new documents and costly queries of one address that may
	// wait for their turn.
	waitingOfOne = 100
)

// newTurns has what keeps a processor busy wait for one, each address in its turn.
func newTurns() *gqlhttp.Turns {
	return &gqlhttp.Turns{AtOnce: runtime.GOMAXPROCS(0), Waiting: waitingOfOne, Longest: 250 * time.Millisecond, Caller: networkOf}
}

// networkOf names where a request comes from, for what is shared out by it.
func networkOf(ctx context.Context) string { return gate.NetworkKey(noteOf(ctx).IPAddress) }

// report notes an operation that was carried out or refused.
func (p parts) report(ctx context.Context, a gqlhttp.Answered) {
	note := noteOf(ctx)
	note.answered(a)
	p.meters.graphQL(a)
	if note.onSocket {
		note.logOperation(ctx, p.log, a.Elapsed)
	}
}

func introspectionPolicy(policy string, resolver *resolvers.Resolver) func(context.Context) bool {
	switch policy {
	case "on":
		return func(context.Context) bool { return true }
	case "admin":
		return resolver.IsAdmin
	}
	return func(context.Context) bool { return false }
}

// streamsPerCaller are those of one user, or of one address as long as nobody is
// known: an office whose people sign in on web pages.
const streamsPerCaller = 200

func newStreams(s settings, resolver *resolvers.Resolver) *gqlhttp.Streams {
	return &gqlhttp.Streams{
		Caller: func(ctx context.Context) string {
			if name := resolver.CallerName(ctx); name != "" {
				return name
			}
			return networkOf(ctx)
		},
		Recheck:          resolver.Recheck,
		PerCaller:        streamsPerCaller,
		Total:            s.MaxConnections,
		RecheckEvery:     5 * time.Second,
		PingEvery:        15 * time.Second, // proxies cut what is silent for a minute or less
		WriteTimeout:     writeTimeout,
		OperationTimeout: requestTimeout,
	}
}

func newWebSocket(p parts, entrance *entrance) gqlhttp.WebSocket {
	return gqlhttp.WebSocket{
		Streams: p.streams,
		Origins: p.settings.CORSOrigins,
		Connect: func(ctx context.Context, payload map[string]any) (context.Context, error) {
			authorization, _ := payload["Authorization"].(string)
			return p.resolver.Connect(ctx, credentials(authorization))
		},
		Begin: func(ctx context.Context) (context.Context, error) {
			note := &requestNote{Request: noteOf(ctx).Request, onSocket: true}
			return resolvers.Begin(context.WithValue(ctx, noteKey{}, note)), entrance.operation(ctx)
		},
		InitTimeout:       10 * time.Second,
		MessageTimeout:    10 * time.Second,
		MessageBytes:      64 << 10,
		BytesPerSecond:    32 << 10,
		MessagesPerSecond: 50,
		Operations:        20,
	}
}

// credentials are what connection_init sends as it would in a header. What has
// another scheme is no token, and so refused.
func credentials(authorization string) string {
	if token, ok := cutBearer(authorization); ok {
		return token
	}
	return authorization
}
