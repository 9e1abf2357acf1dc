package gqlhttp

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// readURL takes the parameters from a query string. One that is empty is as if
// it were absent; one that comes twice is refused, since whoever stands before
// this server may have looked at the other. Unknown ones are left alone.
func readURL(address *url.URL) (*graphql.RawParams, error) {
	values, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return nil, badRequest("The query string cannot be read.")
	}
	var request members
	for name, member := range map[string]*string{
		"query": &request.Query, "documentId": &request.DocumentID, "operationName": &request.OperationName,
	} {
		if *member, err = parameter(values, name); err != nil {
			return nil, err
		}
	}
	for name, member := range map[string]*map[string]any{
		"variables": &request.Variables, "extensions": &request.Extensions,
	} {
		if *member, err = objectParameter(values, name); err != nil {
			return nil, err
		}
	}
	return request.params()
}

// parameter returns a copy, since what is remembered of it would hold the whole
// query string in memory.
func parameter(values url.Values, name string) (string, error) {
	if len(values[name]) > 1 {
		return "", badRequest(name + " comes more than once.")
	}
	value := strings.Clone(values.Get(name))
	if !utf8.ValidString(value) {
		return "", badRequest(name + " is not valid UTF-8.")
	}
	return value, nil
}

func objectParameter(values url.Values, name string) (object map[string]any, err error) {
	text, err := parameter(values, name)
	if err != nil || text == "" {
		return nil, err
	}
	if decodeJSON([]byte(text), &object) != nil {
		return nil, badRequest(name + " must be an object in JSON.")
	}
	return object, nil
}
