package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// contentTypes names the type of each kind of file embedded. The system's own
// table is not asked: it differs from machine to machine.
var contentTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".txt":  "text/plain; charset=utf-8",
}

// asset serves the embedded file of that name. A browser keeps it and asks each
// time whether it changed, so that a new binary is seen at once.
//
// The content stays in the binary, outside the heap; only the compressed form
// is held in memory, from the first request for it.
func asset(name string) http.Handler {
	digest := digestOf(name)
	compressed := sync.OnceValue(func() []byte { return compress(name) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Type", contentTypes[path.Ext(name)])
		h.Set("Vary", "Accept-Encoding")
		etag, body := digest, open(name)
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			etag, body = digest+"-gzip", bytes.NewReader(compressed())
			h.Set("Content-Encoding", "gzip")
		}
		h.Set("ETag", `"`+etag+`"`)
		http.ServeContent(w, r, "", time.Time{}, body)
	})
}

// open gives the content of an embedded file. Every name is known when the
// binary is built, so one that is missing is a fault of the build, and asset
// meets it before the first request.
func open(name string) io.ReadSeeker {
	f, err := files.Open(name)
	if err != nil {
		panic("web: " + err.Error())
	}
	return f.(io.ReadSeeker)
}

// matching gives the names of the embedded files that fit one of the patterns.
func matching(patterns ...string) []string {
	var names []string
	for _, pattern := range patterns {
		matches, err := fs.Glob(files, pattern)
		if err != nil {
			panic("web: " + err.Error())
		}
		names = append(names, matches...)
	}
	return names
}

func digestOf(name string) string {
	sum := sha256.New()
	io.Copy(sum, open(name))
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

func compress(name string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.Copy(w, open(name))
	w.Close()
	return b.Bytes()
}

// acceptsGzip reads an Accept-Encoding header (RFC 9110, 12.5.3). A weight of
// zero is a refusal.
func acceptsGzip(header string) bool {
	for item := range strings.SplitSeq(header, ",") {
		coding, parameter, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		weight, weighted := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameter)), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !weighted || err == nil && q > 0
	}
	return false
}
