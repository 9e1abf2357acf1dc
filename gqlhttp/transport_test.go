package gqlhttp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnswer(t *testing.T) {
	for _, media := range []string{plain, response} {
		t.Run(media, func(t *testing.T) {
			got := newServer(false).do(t, asking(media, "{ name }", nil))
			if want := `{"data":{"name":"<Rex> & 犬"}}` + "\n"; got.status != http.StatusOK || got.body != want {
				t.Errorf("%d %q, want 200 %q", got.status, got.body, want)
			}
			if want := media + "; charset=utf-8"; got.header.Get("Content-Type") != want {
				t.Errorf("Content-Type %q, want %q", got.header.Get("Content-Type"), want)
			}
		})
	}
}

func TestAnswerWithFieldErrors(t *testing.T) {
	for _, media := range []string{plain, response} {
		t.Run(media, func(t *testing.T) {
			s := newServer(false)
			s.fails = true
			got := s.do(t, asking(media, "{ name }", nil))
			if got.status != http.StatusOK || string(got.members["data"]) != `{"name":null}` || len(got.errors) != 1 {
				t.Errorf("%d %s, want 200 with data and one error", got.status, got.body)
			}
			if wait := got.header.Get("Retry-After"); wait != "60" {
				t.Errorf("Retry-After is %q, want what the error asks for", wait)
			}
		})
	}
}

func TestMethods(t *testing.T) {
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch} {
		t.Run(method, func(t *testing.T) {
			s := newServer(false)
			r := httptest.NewRequest(method, "/graphql?query={name}", nil)
			r.Header.Set("Content-Type", plain)
			got := s.do(t, r)
			if allow := got.header.Get("Allow"); got.status != http.StatusMethodNotAllowed || allow != "GET, POST" {
				t.Errorf("%d, Allow %q, want 405, GET and POST", got.status, allow)
			}
			if method != http.MethodHead {
				got.refusal(t, http.StatusMethodNotAllowed, "BAD_REQUEST")
			}
			if n := s.executed.Load(); n != 0 {
				t.Errorf("executed %d times", n)
			}
		})
	}
}

// TestCompressedRequests proves that nobody sends a bomb.
func TestCompressedRequests(t *testing.T) {
	for _, coding := range []string{"gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", canary} {
		s := newServer(false)
		r := post(`{"query":"{ name }"}`)
		r.Header.Set("Content-Encoding", coding)
		got := s.do(t, r)
		got.refusal(t, http.StatusUnsupportedMediaType, "BAD_REQUEST")
		if takes := got.header.Get("Accept-Encoding"); takes != "identity" || s.executed.Load() != 0 {
			t.Errorf("%s: Accept-Encoding %q, executed %d times", coding, takes, s.executed.Load())
		}
	}
}

// TestSubscriptionsNeedAStream proves that one is not answered with its first event.
func TestSubscriptionsNeedAStream(t *testing.T) {
	for _, media := range []string{plain, response} {
		s := newServer(false)
		got := s.do(t, asking(media, "subscription { name }", nil))
		got.refusal(t, http.StatusBadRequest, "BAD_REQUEST")
		if want := "Subscriptions need Accept: text/event-stream, or a WebSocket."; got.errors[0].Message != want || s.executed.Load() != 0 {
			t.Errorf("%s, want %q and nothing executed", got.body, want)
		}
	}
}

func TestBodiesThatAreNoRequest(t *testing.T) {
	for name, test := range map[string]struct{ body, message string }{
		"nothing":                {"", "The request body is not JSON."},
		"half of it":             {`{"query":"{ name`, "The request body is not JSON."},
		"no JSON":                {"query { canary }", "The request body is not JSON."},
		"null":                   {"null", "The request must be one JSON object."},
		"a string":               {`"{ canary }"`, "The request must be one JSON object."},
		"a number":               {"4711", "The request must be one JSON object."},
		"a batch":                {`[{"query":"{ name }"},{"query":"{ canary }"}]`, "The request must be one JSON object."},
		"an empty batch":         {"[]", "The request must be one JSON object."},
		"an empty object":        {"{}", "The request has no query."},
		"no query":               {`{"operationName":"canary"}`, "The request has no query."},
		"a document of a number": {`{"documentId":4711}`, "documentId must be a string."},
		"an empty query":         {`{"query":""}`, "The request has no query."},
		"a query that is null":   {`{"query":null}`, "The request has no query."},
		"a query of a number":    {`{"query":4711}`, "query must be a string."},
		"a query of a list":      {`{"query":["canary"]}`, "query must be a string."},
		"an operation of a list": {`{"query":"{ name }","operationName":["canary"]}`, "operationName must be a string."},
		"variables of a list":    {`{"query":"{ name }","variables":["canary"]}`, "variables must be an object."},
		"variables of a string":  {`{"query":"{ name }","variables":"canary"}`, "variables must be an object."},
		"extensions of a number": {`{"query":"{ name }","extensions":7}`, "extensions must be an object."},
		"a second object":        {`{"query":"{ name }"}{"query":"{ canary }"}`, "Something follows the JSON object of the request."},
		"garbage behind":         {`{"query":"{ name }"} canary`, "Something follows the JSON object of the request."},
		"a query twice":          {`{"query":"{ canary }","query":"{ name }"}`, "query comes more than once."},
		"variables twice":        {`{"query":"{ name }","variables":{"a":1},"variables":{"b":2}}`, "variables comes more than once."},
		"a member twice as null": {`{"query":"{ name }","documentId":null,"documentId":"canary"}`, "documentId comes more than once."},
		"an escaped query twice": {`{"query":"{ canary }","qu\u0065ry":"{ name }"}`, "query comes more than once."},
		"a query in capitals":    {`{"QUERY":"{ name }"}`, "The request has no query."},
		"invalid UTF-8":          {"{\"query\":\"{ name }\",\"variables\":{\"a\":\"canary\xff\"}}", "The request body is not valid UTF-8."},
		"depth without end":      {`{"query":"{ name }","variables":{"a":` + strings.Repeat("[", 20_000), "The request body is not JSON."},
		"a byte order mark":      {"\ufeff" + `{"query":"{ name }"}`, "The request body is not JSON."},
	} {
		for _, media := range []string{plain, response} {
			t.Run(name+" for "+media, func(t *testing.T) {
				s := newServer(false)
				r := post(test.body)
				r.Header.Set("Accept", media)
				got := s.do(t, r)
				got.refusal(t, http.StatusBadRequest, "BAD_REQUEST")
				if got.errors[0].Message != test.message || s.executed.Load() != 0 {
					t.Errorf("%s, want %q and nothing executed", got.body, test.message)
				}
			})
		}
	}
}

func TestMembersThatAreNull(t *testing.T) {
	for _, body := range []string{
		`{"query":"{ name }","operationName":null,"variables":null,"extensions":null}`,
		`{"query":"{ name }","operationName":"","variables":{},"extensions":{}}`,
		`{"query":"{ name }","unknown":"member"}`,
		" \r\n\t" + `{"query":"{ name }"}` + " \n",
	} {
		if got := newServer(false).do(t, post(body)); got.status != http.StatusOK || len(got.errors) > 0 {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
}

func TestBodySize(t *testing.T) {
	const around = `{"query":"{ name }","variables":{"a":""}}`
	fits := strings.Replace(around, `""`, `"`+strings.Repeat("x", maxBody-len(around))+`"`, 1)
	if got := newServer(false).do(t, post(fits)); got.status != http.StatusOK {
		t.Errorf("%d bytes: %d %s", len(fits), got.status, got.body)
	}
	got := newServer(false).do(t, post(fits+" "))
	got.refusal(t, http.StatusRequestEntityTooLarge, "BAD_REQUEST")
}

// TestBodyThatBreaksOff speaks to the handler itself: over a connection nobody
// would be left to answer.
func TestBodyThatBreaksOff(t *testing.T) {
	r := post("")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"query":"{ canary`), broken{}))
	got := record(t, newServer(false), r)
	got.refusal(t, http.StatusBadRequest, "BAD_REQUEST")
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// record asks a handler without a connection.
func record(t *testing.T, s *server, r *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	got := answer{status: w.Code, header: w.Header(), body: w.Body.String()}
	got.read(t)
	return got
}

// TestTimeIsUp proves that a request whose time ran out before it was carried
// out is told so, and not with an empty success.
func TestTimeIsUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, media := range []string{plain, response} {
		s := newServer(false)
		got := record(t, s, asking(media, "{ name }", nil).WithContext(ctx))
		got.refusal(t, http.StatusServiceUnavailable, "INTERNAL")
		if len(s.answered) != 1 {
			t.Errorf("reported %d times, want once", len(s.answered))
		}
	}
}

// TestTimeout has the work of a request end with its time.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(false)
		s.waits = true
		began := time.Now()
		record(t, s, post(`{"query":"{ name }"}`))
		if took := time.Since(began); took != answerTimeout {
			t.Errorf("it ended after %v, want %v", took, answerTimeout)
		}
	})
}

func TestRequestErrors(t *testing.T) {
	for name, test := range map[string]struct {
		document  string
		variables any
		code      string
	}{
		"syntax":                  {"{ name", nil, "GRAPHQL_PARSE_FAILED"},
		"a field that is not":     {"{ cat }", nil, "GRAPHQL_VALIDATION_FAILED"},
		"no operation":            {"fragment f on Dog { name }", nil, "GRAPHQL_VALIDATION_FAILED"},
		"a variable that is not":  {"query($n: String!) { dog(name: $n) { name } }", nil, "GRAPHQL_VALIDATION_FAILED"},
		"a variable of no String": {"query($n: String!) { dog(name: $n) { name } }", map[string]any{"n": true}, "GRAPHQL_VALIDATION_FAILED"},
		"the schema":              {"{ __schema { types { name } } }", nil, "INTROSPECTION_DISABLED"},
		"too many tokens":         {"{" + strings.Repeat(" name", tokenLimit) + " }", nil, "QUERY_TOO_COMPLEX"},
		"@defer":                  {"{ dog { name ... @defer { friends { name } } } }", nil, "GRAPHQL_VALIDATION_FAILED"},
	} {
		for media, status := range map[string]int{plain: http.StatusOK, response: http.StatusBadRequest} {
			t.Run(name+" for "+media, func(t *testing.T) {
				s := newServer(false)
				got := s.do(t, asking(media, test.document, test.variables))
				got.refusal(t, status, test.code)
				if s.executed.Load() != 0 {
					t.Error("executed all the same")
				}
			})
		}
	}
}

func TestTheLimitIsNamed(t *testing.T) {
	got := newServer(false).do(t, asking(plain, "{"+strings.Repeat(" name", tokenLimit)+" }", nil))
	if want := "The document has more than 200 tokens."; got.errors[0].Message != want {
		t.Errorf("%q, want %q", got.errors[0].Message, want)
	}
}

func TestOperationName(t *testing.T) {
	two := `query one { name } query two { name }`
	for name, test := range map[string]struct {
		body string
		code string
	}{
		"one of two": {`{"query":"` + two + `","operationName":"two"}`, ""},
		"neither":    {`{"query":"` + two + `","operationName":"canary-three"}`, "GRAPHQL_VALIDATION_FAILED"},
		"none":       {`{"query":"` + two + `"}`, "GRAPHQL_VALIDATION_FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			got := newServer(false).do(t, post(test.body))
			if test.code == "" && len(got.errors) > 0 || test.code != "" && (len(got.errors) != 1 || got.errors[0].Extensions.Code != test.code) {
				t.Errorf("%s, want %q", got.body, test.code)
			}
			if strings.Contains(got.body, "canary") {
				t.Errorf("repeats the request: %s", got.body)
			}
		})
	}
}
