package gqlhttp

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	mediaJSON     = "application/json"
	mediaResponse = "application/graphql-response+json"
)

// negotiate picks the media type of the answer. A client that does not name
// application/graphql-response+json gets application/json, which older clients
// expect. False when the client accepts neither.
func negotiate(accept []string) (media string, ok bool) {
	list := strings.TrimSpace(strings.Join(accept, ","))
	if list == "" {
		return mediaJSON, true
	}
	best := 0.0
	for item := range strings.SplitSeq(list, ",") {
		if candidate, weight := acceptable(item); weight > best {
			media, best = candidate, weight
		}
	}
	return media, media != ""
}

// acceptable returns what one item of an Accept header allows of what we write.
func acceptable(item string) (media string, weight float64) {
	name, parameters, err := mime.ParseMediaType(item)
	if err != nil {
		return "", 0
	}
	weight = 1
	if q, given := parameters["q"]; given {
		weight, _ = strconv.ParseFloat(q, 64)
	}
	switch name {
	case mediaJSON, "application/*", "*/*":
		return mediaJSON, weight
	case mediaResponse:
		return mediaResponse, weight
	}
	return "", 0
}

// requestErrorStatus is the status of a well-formed request whose document or
// variables are refused. The old media type says 200, as the audit suite wants
// it; the newest draft would have 4xx for both.
func requestErrorStatus(media string) int {
	if media == mediaResponse {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// body is graphql.Response with data left out when nothing was executed.
type body struct {
	Errors     gqlerror.List    `json:"errors,omitempty"`
	Data       *json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any   `json:"extensions,omitempty"`
}

// write sends a response. executed is false for a request error, which has no data.
func write(w http.ResponseWriter, media string, status int, response *graphql.Response, executed bool) {
	answer := body{Errors: response.Errors, Extensions: response.Extensions}
	if executed {
		answer.Data = &response.Data
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		panic(err) // data that is not JSON: a fault of the generated code, answered as INTERNAL
	}
	header := w.Header()
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(buffer.Len()))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if wait := retryAfter(response.Errors); wait > 0 {
		header.Set("Retry-After", strconv.Itoa(wait))
	}
	w.WriteHeader(status)
	w.Write(buffer.Bytes())
}

// retryAfter returns the longest wait, in seconds, that an error asks for in
// extensions.retryAfter.
func retryAfter(errs gqlerror.List) (longest int) {
	for _, err := range errs {
		wait, _ := err.Extensions["retryAfter"].(int)
		longest = max(longest, wait)
	}
	return longest
}
