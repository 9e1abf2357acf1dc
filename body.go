package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"menshen/gate"
)

const (
	// maxBody is far above the largest honest request: encryptedData of WeRun
	// has some 4 KB.
	maxBody = 128 << 10
	// smallBody is what every request may bring whether there is room or not: nearly
	// all bring less.
	smallBody = 16 << 10
)

// The bytes that bodies hold at once, and as many again that answers do, in all and
// for one address.
const (
	heldBytes      = 64 << 20
	heldBytesOfOne = 8 << 20
)

func newRoom() *gate.Room { return gate.NewRoom(heldBytes, heldBytesOfOne) }

// retryRoom is the wait after which there may be room: the slowest body has come
// or was cut off.
const retryRoom = 15 * time.Second

// wholeBody reads a request's body, up to maxBody, before anything is made for
// the request: whoever sends a byte a second holds a third less memory so. A body
// that is not small needs room until it has been read: what is made of it has
// bounds of its own, and its answer may be a stream. What went wrong is for the
// reader of the body to find.
func (e *entrance) wholeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, content := http.MaxBytesReader(w, r.Body, maxBody), new(bytes.Buffer)
		leave := func() {}
		_, err := io.CopyN(content, body, smallBody)
		if err == nil {
			key, size := gate.NetworkKey(clientOf(r.Context())), mostOf(r)
			if !e.bodies.Enter(key, size) {
				e.refuseBody(w, r)
				return
			}
			leave = sync.OnceFunc(func() { e.bodies.Leave(key, size) })
			defer leave()
			content.Grow(size - smallBody + bytes.MinRead) // once, since growing doubles
			_, err = content.ReadFrom(body)
		}
		r.Body = &lentBody{content, leave}
		if err != nil && !errors.Is(err, io.EOF) {
			r.Body = &lentBody{io.MultiReader(content, broken{err}), leave}
		}
		next.ServeHTTP(w, r)
	})
}

// mostOf returns how many bytes of a body are read at most.
func mostOf(r *http.Request) int {
	if r.ContentLength < 0 { // not said
		return maxBody
	}
	return int(min(r.ContentLength, maxBody))
}

// refuseBody answers 503, since it is the server that is full. The connection
// ends: nobody reads the rest of the body.
func (e *entrance) refuseBody(w http.ResponseWriter, r *http.Request) {
	e.noRoom()
	address := clientOf(r.Context())
	if e.loggable.Take(address) == 0 {
		e.log.Warn("no room for a long body; said once a minute of one address", "address", address)
	}
	w.Header().Set("Connection", "close")
	turnAway(w, r, http.StatusServiceUnavailable, "The server has no room for a request of this length. Wait before trying again.", retryRoom)
}

// lentBody gives its room back at its end, and lets go of what took it: the request
// holds the body for as long as its answer lasts.
type lentBody struct {
	io.Reader
	leave func()
}

// Read notices the end.
func (b *lentBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err != nil {
		b.end(err)
	}
	return n, err
}

// Close ends the body early.
func (b *lentBody) Close() error {
	b.end(http.ErrBodyReadAfterClose)
	return nil
}

func (b *lentBody) end(err error) {
	b.Reader = broken{err}
	b.leave()
}

// broken is a reader that has nothing but an error.
type broken struct{ err error }

// Read fails.
func (b broken) Read([]byte) (int, error) { return 0, b.err }
