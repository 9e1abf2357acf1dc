package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"menshen/store"
	"menshen/token"
)

// bbolt gives its file to one process, so a running server does for the other
// commands what needs it, over a Unix socket beside the file that only its own
// user may open. A database has room for the commands beside the servers.

// job is what a command needs the store for. It writes what the command prints,
// or keeps, and fails with what the command fails with.
type job func(ctx context.Context, h holder, argument string, w io.Writer) error

// jobs are those that a running server does for a command, by name.
var jobs = map[string]job{
	"backup":      backUp,
	"check":       check,
	"compact":     compact,
	"export":      export,
	"keys list":   withKeys(changeNothing),
	"keys rotate": withKeys(rotateKeys),
	"keys prune":  withKeys(pruneKeys),
}

// holder is a process that holds the store: the server, or a command without
// one.
type holder struct {
	store  store.Store
	signer func(context.Context) (*token.Signer, error)
}

// perform has a job done, by the server that holds the file or else by this process,
// and writes to w what it writes.
func (s storeSettings) perform(ctx context.Context, name, argument string, w io.Writer) error {
	if err := s.validate(); err != nil {
		return err
	}
	if path, isFile := s.Store.boltPath(); isFile {
		if err := askServer(ctx, controlPath(path), name, argument, w); !errors.Is(err, errNoServer) {
			return err
		}
	}
	db, err := openStore(ctx, s, commandOptions)
	if err != nil {
		return err
	}
	signer := func(ctx context.Context) (*token.Signer, error) {
		// No token is issued here: no issuer matters, and the algorithm stays.
		return openSigner(ctx, db, "menshen", "")
	}
	return errors.Join(jobs[name](ctx, holder{db, signer}, argument, w), db.Close())
}

// commandOptions are for a store in which no session begins and nothing is
// swept: how long things live does not matter.
var commandOptions = store.Options{SessionLife: time.Hour, MaxSessions: 1, AuditRetention: time.Hour, Existing: true}

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

// newControl answers the commands. A job may take long, so nothing is timed but
// the header and each write: net/http would end a job with its ReadTimeout.
func newControl(h holder) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{job}", h.serveJob)
	return &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
}

// The trailers of an answer. Without them it was cut off.
const (
	sumTrailer   = "Menshen-Sha256" // of the body
	errorTrailer = "Menshen-Error"  // why the job failed, escaped as a path is
)

// maxFailure keeps the trailers within the 4096 bytes that net/http reads.
const maxFailure = 1000

// serveJob does a job and sends what it writes.
func (h holder) serveJob(w http.ResponseWriter, r *http.Request) {
	do, known := jobs[r.PathValue("job")]
	if !known {
		http.Error(w, "it does not know this command; it is of another version", http.StatusNotFound)
		return
	}
	w.Header().Set("Trailer", sumTrailer+", "+errorTrailer)
	sum, out := sha256.New(), awaited{w}
	err := do(r.Context(), h, r.URL.Query().Get("argument"), io.MultiWriter(out, sum))
	w.Header().Set(sumTrailer, hex.EncodeToString(sum.Sum(nil)))
	if err != nil {
		text := err.Error()
		w.Header().Set(errorTrailer, url.PathEscape(strings.ToValidUTF8(text[:min(len(text), maxFailure)], "")))
	}
	out.extend()
}

// awaited is an answer that its reader must not leave lying: a backup that is
// not read keeps old pages in the file.
type awaited struct{ http.ResponseWriter }

// stallTime is how long a command may leave a part of its answer unread.
const stallTime = time.Minute

func (a awaited) extend() {
	// Without a deadline, if one could not be set, the answer is as good.
	_ = http.NewResponseController(a.ResponseWriter).SetWriteDeadline(time.Now().Add(stallTime))
}

// Write sends b, or fails when the reader takes too long.
func (a awaited) Write(b []byte) (int, error) {
	a.extend()
	return a.ResponseWriter.Write(b)
}

// errNoServer is returned when nobody listens on the socket.
var errNoServer = errors.New("no server is running")

// noServer reports whether an error of a dial says that nobody listens. A path
// too long for a socket is one that no server listens on.
func noServer(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EINVAL)
}

// askServer has a running server do a job. What it writes is whole when the
// error is nil. errNoServer when there is no server.
func askServer(ctx context.Context, socket, name, argument string, w io.Writer) error {
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	defer client.CloseIdleConnections()
	address := url.URL{Scheme: "http", Host: "menshen", Path: "/" + name, RawQuery: url.Values{"argument": {argument}}.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if noServer(err) {
		return errNoServer
	}
	if err != nil {
		return fmt.Errorf("the running server cannot be asked over %s: %w", socket, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxFailure))
		return fmt.Errorf("the running server answered: %s", text)
	}
	return receiveAnswer(response, w)
}

// receiveAnswer copies an answer and holds it against its trailers.
func receiveAnswer(response *http.Response, w io.Writer) error {
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, sum), response.Body); err != nil {
		return fmt.Errorf("the running server's answer did not arrive whole: %w", err)
	}
	if text, err := url.PathUnescape(response.Trailer.Get(errorTrailer)); err != nil || text != "" {
		return errors.Join(err, errors.New(text))
	}
	if response.Trailer.Get(sumTrailer) != hex.EncodeToString(sum.Sum(nil)) {
		return errors.New("the running server's answer did not arrive whole")
	}
	return nil
}
