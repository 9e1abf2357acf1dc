package gqlhttp_test

import (
	"context"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"menshen/gqlhttp"
)

// subscribe begins a subscription of some events as a transport does. What it
// reports is added to answered.
func subscribe(t *testing.T, k *kennel, answered *[]gqlhttp.Answered) (*executor.Executor, graphql.ResponseHandler, context.Context) {
	t.Helper()
	exec := executor.New(k)
	exec.Use(gqlhttp.Report{To: func(_ context.Context, a gqlhttp.Answered) {
		a.Elapsed = 0
		*answered = append(*answered, a)
	}})
	ctx := graphql.StartOperationTrace(t.Context())
	operation, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: "subscription { name }"})
	if errs != nil {
		t.Fatal(errs)
	}
	next, ctx := exec.DispatchOperation(ctx, operation)
	return exec, next, ctx
}

// TestSubscriptionsAreReportedOnce follows streams to their several ends.
func TestSubscriptionsAreReportedOnce(t *testing.T) {
	ended := []gqlhttp.Answered{{RootFields: []string{"name"}, Subscription: true}}
	failed := []gqlhttp.Answered{{RootFields: []string{"name"}, Subscription: true, Codes: []string{"GONE"}}}
	for name, test := range map[string]struct {
		fails bool
		ends  bool // by its transport
		want  []gqlhttp.Answered
	}{
		"it ends":               {false, false, ended},
		"its events fail":       {true, false, failed},
		"its transport ends it": {false, true, failed},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKennel()
			k.barks, k.fails = 3, test.fails
			var answered []gqlhttp.Answered
			exec, next, ctx := subscribe(t, k, &answered)
			for next(ctx) != nil {
				if test.ends {
					exec.DispatchError(ctx, gqlerror.List{{Message: "Gone.", Extensions: map[string]any{"code": "GONE"}}})
				}
			}
			if diff := cmp.Diff(test.want, answered); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}

// TestClientsThatLeave has a stream's context end before the stream.
func TestClientsThatLeave(t *testing.T) {
	k := newKennel()
	k.barks = 3
	var answered []gqlhttp.Answered
	_, next, ctx := subscribe(t, k, &answered)
	ctx, leave := context.WithCancel(ctx)
	next(ctx)
	if len(answered) != 0 {
		t.Errorf("an event is reported: %v", answered)
	}
	if leave(); next(ctx) != nil {
		t.Error("there is an event for nobody")
	}
	if want := []gqlhttp.Answered{{RootFields: []string{"name"}, Subscription: true, Canceled: true}}; !cmp.Equal(want, answered) {
		t.Errorf("reported %v, want %v", answered, want)
	}
}
