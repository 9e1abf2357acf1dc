package gqlhttp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// fault is why a request is not a GraphQL request, in words for its sender.
type fault struct {
	status  int
	message string
	header  http.Header // of the answer
}

func (f *fault) Error() string { return f.message }

func badRequest(message string) error {
	return &fault{status: http.StatusBadRequest, message: message}
}

func notAllowed(message string, methods ...string) error {
	return &fault{http.StatusMethodNotAllowed, message, http.Header{"Allow": {strings.Join(methods, ", ")}}}
}

func notAcceptable() error {
	offers := http.Header{"Accept": {mediaResponse + ", " + mediaJSON}}
	return &fault{http.StatusNotAcceptable, "Accept leaves nothing this server can answer with.", offers}
}

// read decodes the request's parameters.
func read(r *http.Request) (*graphql.RawParams, error) {
	start := graphql.Now()
	var params *graphql.RawParams
	var err error
	switch r.Method {
	case http.MethodGet:
		params, err = readURL(r.URL)
	case http.MethodPost:
		params, err = readBody(r)
	default:
		err = notAllowed("GraphQL requests are sent with GET or POST.", http.MethodGet, http.MethodPost)
	}
	if err != nil {
		return nil, err
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, nil
}

// readBody takes the parameters from a body of JSON. It decompresses nothing, so
// a small body cannot become a large one.
func readBody(r *http.Request) (*graphql.RawParams, error) {
	if r.Header.Get("Content-Encoding") != "" {
		identity := http.Header{"Accept-Encoding": {"identity"}} // RFC 9110, section 12.5.3
		return nil, &fault{http.StatusUnsupportedMediaType, "The request body must not be compressed.", identity}
	}
	if err := checkContentType(r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bodyFault(err)
	}
	return decode(body)
}

func checkContentType(value string) error {
	media, parameters, err := mime.ParseMediaType(value)
	charset := parameters["charset"]
	if err != nil || media != mediaJSON || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &fault{status: http.StatusUnsupportedMediaType, message: "Content-Type must be application/json in UTF-8."}
	}
	return nil
}

func bodyFault(err error) error {
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return &fault{status: http.StatusRequestEntityTooLarge, message: "The request body is too large."}
	}
	return badRequest("The request body did not arrive.")
}

// members are the parts of a GraphQL request. An empty one is as if it were absent.
type members struct {
	Query         string
	DocumentID    string
	OperationName string
	Variables     map[string]any
	Extensions    map[string]any
}

// params are the members as gqlgen takes them. It has no place for documentId,
// which therefore travels among the extensions.
func (m members) params() (*graphql.RawParams, error) {
	if m.DocumentID != "" {
		if m.Extensions == nil {
			m.Extensions = map[string]any{}
		}
		m.Extensions[documentID] = m.DocumentID
	}
	if m.Query == "" && m.Extensions[documentID] == nil && m.Extensions[persistedQuery] == nil {
		return nil, badRequest("The request has no query.")
	}
	return &graphql.RawParams{
		Query:         m.Query,
		OperationName: m.OperationName,
		Variables:     m.Variables,
		Extensions:    m.Extensions,
	}, nil
}

// decode reads a GraphQL request in JSON. A member that is null is as if it were
// absent; any other of the wrong type is refused, as is anything after the object.
func decode(body []byte) (*graphql.RawParams, error) {
	if !utf8.Valid(body) {
		return nil, badRequest("The request body is not valid UTF-8.")
	}
	var request members
	if err := decodeObject(body, map[string]any{
		"query": &request.Query, "documentId": &request.DocumentID, "operationName": &request.OperationName,
		"variables": &request.Variables, "extensions": &request.Extensions,
	}); err != nil {
		return nil, decodeFault(err)
	}
	return request.params()
}

// errTrailing says that something follows a JSON value.
var errTrailing = errors.New("something follows the JSON value")

// decodeJSON reads exactly one JSON value, numbers as they are written.
func decodeJSON(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	return nothingAfter(decoder)
}

func nothingAfter(decoder *json.Decoder) error {
	if _, err := decoder.Token(); err != io.EOF {
		return errTrailing
	}
	return nil
}

// repeated says that an object has a member twice.
type repeated struct{ member string }

func (r *repeated) Error() string { return r.member + " comes more than once." }

// wrongType says that a member is not what it should be.
type wrongType struct{ member string }

func (w *wrongType) Error() string { return w.member + " is of another type." }

// decodeObject reads exactly one JSON object into the members that it may have. Unlike
// encoding/json it takes no other spelling of their names, and none of them twice,
// since whoever stands before this server may have looked at the other.
func decodeObject(text []byte, members map[string]any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return cmp.Or(err, error(&wrongType{}))
	}
	seen := map[string]bool{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		if err := decodeMember(decoder, name.(string), members, seen); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return err
	}
	return nothingAfter(decoder)
}

func decodeMember(decoder *json.Decoder, name string, members map[string]any, seen map[string]bool) error {
	into, known := members[name]
	switch {
	case !known:
		into = new(json.RawMessage)
	case seen[name]:
		return &repeated{name}
	}
	seen[name] = known
	err := decoder.Decode(into)
	if errors.As(err, new(*json.UnmarshalTypeError)) {
		return &wrongType{name}
	}
	return err
}

// decodeFault names the member at fault, never what stands in it.
func decodeFault(err error) error {
	if errors.Is(err, errTrailing) {
		return badRequest("Something follows the JSON object of the request.")
	}
	if twice := new(repeated); errors.As(err, &twice) {
		return badRequest(twice.Error())
	}
	if wrong := new(wrongType); errors.As(err, &wrong) {
		switch wrong.member {
		case "query", "documentId", "operationName":
			return badRequest(wrong.member + " must be a string.")
		case "variables", "extensions":
			return badRequest(wrong.member + " must be an object.")
		}
		return badRequest("The request must be one JSON object.")
	}
	return badRequest("The request body is not JSON.")
}
