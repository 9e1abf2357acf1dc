package gqlhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// requestErrorStatus is the status of a request that could be read and was
// refused before anything ran. Its own parts at odds are a bad request. For the
// rest, a document or variables at fault, the old media type says 200 and the
// new one 400, as the audit suite wants it; the newest draft would have 4xx for
// both, 422 where a document parses and does not validate, and 294 where data
// and errors come together. What the server has no room or no time for is 503.
func requestErrorStatus(media string, errs gqlerror.List) int {
	contradicts := func(err *gqlerror.Error) bool { return CodeOf(err) == CodeBadRequest }
	switch {
	case slices.ContainsFunc(errs, isCrowded):
		return http.StatusServiceUnavailable
	case media == mediaResponse || slices.ContainsFunc(errs, contradicts):
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// isCrowded says that an error is that of a server with no room or no time.
func isCrowded(err *gqlerror.Error) bool {
	return CodeOf(err) == CodeRateLimited || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// isEmpty reports whether data is null or each of its fields is.
func isEmpty(data json.RawMessage) bool {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return len(data) == 0
	}
	for _, value := range fields {
		if value != nil {
			return false
		}
	}
	return true
}

// body is graphql.Response with data left out when nothing was executed.
type body struct {
	Errors     gqlerror.List    `json:"errors,omitempty"`
	Data       *json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any   `json:"extensions,omitempty"`
}

// encode returns a response as JSON and a line break. executed is false for a
// request error, which has no data.
func encode(response *graphql.Response, executed bool) []byte {
	answer := body{Errors: response.Errors, Extensions: response.Extensions}
	if executed {
		answer.Data = &response.Data
	}
	return append(line(answer), '\n')
}

// line returns a value as one line of JSON. One that is not JSON is a fault of the
// generated code or of a presenter of errors, answered as INTERNAL.
func line(value any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n"))
}

// write sends a response to a request that was refused.
func write(w http.ResponseWriter, media string, status int, response *graphql.Response) {
	send(w, media, status, response.Errors, encode(response, false))
}

// send writes an answer with the headers that every answer has.
func send(w http.ResponseWriter, media string, status int, errs gqlerror.List, content []byte) {
	header := w.Header()
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(content)))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Add("Vary", "Accept")
	if wait := retryAfter(errs); wait > 0 {
		header.Set("Retry-After", strconv.Itoa(wait))
	}
	w.WriteHeader(status)
	w.Write(content)
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
