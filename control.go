package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// bbolt gives its file to one process, so a running server does for the other
// commands what needs it, over a Unix socket beside the file that only its own
// user may open.

// errNoServer is returned when nobody listens on the socket.
var errNoServer = errors.New("no server is running")

func controlPath(storePath string) string { return storePath + ".sock" }

// listenControl opens the socket. What is left of a dead server is removed: the
// caller holds the store's file, so no other server can be alive.
func listenControl(path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// The mode must hold from the first instant; chmod would come too late.
	before := syscall.Umask(0o177)
	defer syscall.Umask(before)
	listener, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EINVAL) {
		return nil, fmt.Errorf("the path %s is longer than a Unix socket's may be; choose a shorter --store (MENSHEN_STORE)", path)
	}
	return listener, err
}

// newControl answers the commands.
func newControl(keys keyJobs) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /keys/{job}", func(w http.ResponseWriter, r *http.Request) {
		report, err := keys.do(r.Context(), r.PathValue("job"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(report)
	})
	return mux
}

// controlTimeout is for sealing a large store again.
const controlTimeout = time.Hour

// askServer posts to a running server. errNoServer when there is none.
func askServer(ctx context.Context, socket, path string) (report keyReport, err error) {
	client := &http.Client{Timeout: controlTimeout, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://menshen"+path, nil)
	if err != nil {
		return report, err
	}
	response, err := client.Do(request)
	// A path too long for a socket is one that no server listens on.
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EINVAL) {
		return report, errNoServer
	}
	if err != nil {
		return report, fmt.Errorf("the running server cannot be asked over %s: %w", socket, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return report, fmt.Errorf("the running server answered: %s", text)
	}
	return report, json.NewDecoder(response.Body).Decode(&report)
}
