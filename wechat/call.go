package wechat

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

const (
	// callTimeout bounds a call from the first dial to the last byte of the
	// answer. WeChat names no figure of its own.
	callTimeout = 5 * time.Second

	// maxAnswer is the largest answer that is read, in bytes. Real ones have some
	// hundreds; a picture has tens of thousands.
	maxAnswer = 1 << 20
)

// apiRequest is one call of WeChat's API.
type apiRequest struct {
	path     string // all of it but the last element
	endpoint string // the last element, which names the call
	query    url.Values
	token    accessToken // joins the query; empty where an AppSecret goes instead
	body     any         // of a POST, as JSON; without one the call is a GET

	classes map[int]error // of the errcodes that mean something of their own here
	answers []int         // errcodes that are answers and no failures

	// picture takes a success that is no JSON object but a picture; it fails when
	// it is none. Nil where every answer is an object.
	picture func(body []byte) *Error
}

// call makes one call and has read take what it needs from the answer; read
// reports whether all of it was there. The error is nil or an *Error.
func (c *Client) call(ctx context.Context, r apiRequest, read func(*object) bool) error {
	start := time.Now()
	failure := c.exchange(ctx, r, read)
	call := Call{Endpoint: r.endpoint, Elapsed: time.Since(start)}
	if failure != nil {
		failure.Endpoint = r.endpoint
		call.Errcode, call.Err = failure.Errcode, failure
	}
	if c.observe != nil {
		c.observe(call)
	}
	return call.Err
}

func (c *Client) exchange(ctx context.Context, r apiRequest, read func(*object) bool) *Error {
	body, failure := c.fetch(ctx, r)
	if failure != nil {
		return failure
	}
	answer, ok := parseObject(body)
	switch {
	case !ok && r.picture == nil:
		return unavailable("answer is not a JSON object")
	case !ok:
		return r.picture(body)
	}
	errcode := answer.integer("errcode")
	if errcode != 0 && !slices.Contains(r.answers, errcode) {
		return &Error{Errcode: errcode, Class: r.classOf(errcode)}
	}
	if !read(answer) || answer.odd {
		return unavailable("answer lacks what it must have")
	}
	return nil
}

// fetch goes to the Transport itself: http.Client would follow redirects, and
// wrap its errors in a *url.Error, which repeats the URL with the AppSecret or
// the access_token in it.
func (c *Client) fetch(ctx context.Context, r apiRequest) ([]byte, *Error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := r.onWire(c.base)
	if err != nil {
		return nil, unavailable("request does not encode")
	}
	resp, err := c.transport.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, transportFailure(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, unavailable(fmt.Sprintf("status %d", resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, transportFailure(ctx, err)
	}
	if len(body) > maxAnswer {
		return nil, unavailable("answer is too large")
	}
	return body, nil
}

// onWire is the request as HTTP. It leaves r as it is, since r may be sent again
// with another token.
func (r apiRequest) onWire(base *url.URL) (*http.Request, error) {
	query := url.Values{}
	maps.Copy(query, r.query)
	if r.token != "" {
		query.Set("access_token", string(r.token))
	}
	u := base.JoinPath(r.path, r.endpoint)
	u.RawQuery = query.Encode()
	req := &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, err
		}
		req.Method = http.MethodPost
		req.Header.Set("Content-Type", "application/json")
	}
	req.Body, req.ContentLength = unreplayable{bytes.NewReader(body)}, int64(len(body))
	return req, nil
}
