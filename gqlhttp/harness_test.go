package gqlhttp_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"menshen/gqlhttp"
)

const (
	tokenLimit = 200
	maxBody    = 64 << 10
)

// kennel is a small schema. Executing anything answers the name of its dog.
type kennel struct {
	schema   *ast.Schema
	executed atomic.Int64
	data     string // of the answer
	fails    bool
	waits    bool // until time is up
	barks    int  // events of a subscription
}

func newKennel() *kennel {
	return &kennel{data: `{"name":"<Rex> & 犬"}`, schema: gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query {
			dog(name: String, id: ID, age: Int, weight: Float, good: Boolean, breed: Breed, tag: Tag, tags: [Tag!]): Dog
			name: String
		}
		type Mutation { feed(name: String!): Dog }
		type Subscription { name: String }
		type Dog { name: String! friends: [Dog!]! }
		enum Breed { HUSKY PUG }
		input Tag { number: String! colour: Breed }
	`})}
}

func (k *kennel) Schema() *ast.Schema { return k.schema }

func (k *kennel) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (k *kennel) Exec(ctx context.Context) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return k.bark(k.barks)
	}
	return k.answer
}

// bark answers some events.
func (k *kennel) bark(left int) graphql.ResponseHandler {
	return func(ctx context.Context) *graphql.Response {
		if left == 0 {
			return nil
		}
		left--
		return k.answer(ctx)
	}
}

func (k *kennel) answer(ctx context.Context) *graphql.Response {
	k.executed.Add(1)
	if k.fails {
		graphql.AddError(ctx, &gqlerror.Error{Message: "Gone.", Extensions: map[string]any{"code": "GONE", "retryAfter": 60}})
		return &graphql.Response{Data: json.RawMessage(`{"name":null}`)}
	}
	if k.waits {
		<-ctx.Done()
	}
	return &graphql.Response{Data: json.RawMessage(k.data)}
}

// server serves a kennel.
type server struct {
	*kennel
	handler  http.Handler
	mu       sync.Mutex
	answered []gqlhttp.Answered // as Report told it
}

// answerTimeout is of a query or mutation.
const answerTimeout = 30 * time.Second

// newServer serves a kennel whose schema may be seen or not.
func newServer(allow bool, extensions ...graphql.HandlerExtension) *server {
	s := &server{kennel: newKennel()}
	gql := handler.New(s.kennel)
	gql.AddTransport(gqlhttp.HTTP{
		OperationTimeout: answerTimeout,
		Unavailable:      func(err *gqlerror.Error) bool { return gqlhttp.CodeOf(err) == "AWAY" },
	})
	gql.SetParserTokenLimit(tokenLimit)
	gql.SetErrorPresenter(present)
	for _, extension := range extensions {
		gql.Use(extension)
	}
	gql.Use(gqlhttp.Introspection{Allow: func(context.Context) bool { return allow }})
	gql.Use(gqlhttp.Report{To: func(_ context.Context, a gqlhttp.Answered) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answered = append(s.answered, a)
	}})
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		gql.ServeHTTP(w, r)
	})
	return s
}

// present gives a code to what has none.
func present(ctx context.Context, err error) *gqlerror.Error {
	e := graphql.DefaultErrorPresenter(ctx, err)
	if gqlhttp.CodeOf(e) == "" {
		return &gqlerror.Error{Message: "Something is wrong.", Extensions: map[string]any{"code": "INTERNAL"}}
	}
	return e
}

// answer is a response to a request.
type answer struct {
	status  int
	header  http.Header
	body    string
	members map[string]json.RawMessage
	errors  []struct {
		Message    string
		Path       []any
		Extensions struct{ Code string }
	}
}

// do sends a request over a real connection and reads the answer, which must
// be a well-formed response with a code for each error.
func (s *server) do(t *testing.T, request *http.Request) answer {
	t.Helper()
	listening := httptest.NewServer(s.handler)
	defer listening.Close()
	request.URL.Scheme, request.URL.Host = "http", strings.TrimPrefix(listening.URL, "http://")
	request.RequestURI = ""
	response, err := listening.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(body)}
	if request.Method != http.MethodHead {
		a.read(t)
	}
	return a
}

// read checks what holds for every answer.
func (a *answer) read(t *testing.T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &a.members); err != nil {
		t.Fatalf("%v: %q", err, a.body)
	}
	if list, given := a.members["errors"]; given {
		if err := json.Unmarshal(list, &a.errors); err != nil {
			t.Fatalf("%v: %q", err, a.body)
		}
	}
	if _, data := a.members["data"]; !data && len(a.errors) == 0 {
		t.Errorf("neither data nor errors: %s", a.body)
	}
	for _, e := range a.errors {
		if e.Extensions.Code == "" || e.Message == "" {
			t.Errorf("an error without a code or words: %s", a.body)
		}
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// codes are those of the errors.
func (a *answer) codes() (codes []string) {
	for _, e := range a.errors {
		codes = append(codes, e.Extensions.Code)
	}
	return codes
}

// refusal checks that nothing was executed and why.
func (a *answer) refusal(t *testing.T, status int, code string) {
	t.Helper()
	if a.status != status || !slices.Equal(a.codes(), []string{code}) {
		t.Errorf("%d %s, want %d with %s", a.status, a.body, status, code)
	}
	if _, data := a.members["data"]; data {
		t.Errorf("a refused request has data: %s", a.body)
	}
}

const (
	plain    = "application/json"
	response = "application/graphql-response+json"
)

// post is a request with a body of JSON.
func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", plain)
	return r
}

// asking is a request for a document, answered in a media type.
func asking(media, document string, variables any) *http.Request {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		panic(err) // the test's own mistake
	}
	r := post(string(body))
	r.Header.Set("Accept", media)
	return r
}
