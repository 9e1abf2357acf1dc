package gqlhttp

import (
	"bytes"
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
}

func (f *fault) Error() string { return f.message }

func badRequest(message string) error { return &fault{http.StatusBadRequest, message} }

// read decodes the request's parameters.
func read(r *http.Request) (*graphql.RawParams, error) {
	if r.Method != http.MethodPost {
		return nil, &fault{http.StatusMethodNotAllowed, "GraphQL requests are sent with POST."}
	}
	if err := checkContentType(r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	start := graphql.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bodyFault(err)
	}
	params, err := decode(body)
	if err != nil {
		return nil, err
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, nil
}

func checkContentType(value string) error {
	media, parameters, err := mime.ParseMediaType(value)
	charset := parameters["charset"]
	if err != nil || media != mediaJSON || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &fault{http.StatusUnsupportedMediaType, "Content-Type must be application/json in UTF-8."}
	}
	return nil
}

func bodyFault(err error) error {
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return &fault{http.StatusRequestEntityTooLarge, "The request body is too large."}
	}
	return badRequest("The request body did not arrive.")
}

// decode reads the four members of a GraphQL request. A member that is null is
// as if it were absent; any other of the wrong type is refused, as is anything
// behind the object.
func decode(body []byte) (*graphql.RawParams, error) {
	if !utf8.Valid(body) {
		return nil, badRequest("The request body is not valid UTF-8.")
	}
	var members struct {
		Query         *string        `json:"query"`
		OperationName string         `json:"operationName"`
		Variables     map[string]any `json:"variables"`
		Extensions    map[string]any `json:"extensions"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil {
		return nil, decodeFault(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, badRequest("Something follows the JSON object of the request.")
	}
	if members.Query == nil || *members.Query == "" {
		return nil, badRequest("The request has no query.")
	}
	return &graphql.RawParams{
		Query:         *members.Query,
		OperationName: members.OperationName,
		Variables:     members.Variables,
		Extensions:    members.Extensions,
	}, nil
}

// decodeFault names the member at fault, never what stands in it.
func decodeFault(err error) error {
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		switch wrong.Field {
		case "query", "operationName":
			return badRequest(wrong.Field + " must be a string.")
		case "variables", "extensions":
			return badRequest(wrong.Field + " must be an object.")
		}
		return badRequest("The request must be one JSON object.")
	}
	return badRequest("The request body is not JSON.")
}
