package gqlhttp

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"runtime"
)

// compressFrom is the length in bytes from which an answer is compressed. With
// its headers a shorter one travels in one or two packets either way.
const compressFrom = 1400

// compress returns an answer compressed where that pays and the client takes it,
// and says so in the answer's header.
//
// It is for the answers to queries only. One to a mutation may hold a token
// beside text that a stranger chose, and the length of the two compressed
// together tells of the token (BREACH, https://www.breachattack.com).
func compress(answer, request http.Header, content []byte) []byte {
	answer.Add("Vary", "Accept-Encoding")
	if len(content) < compressFrom || !takesGzip(request.Values("Accept-Encoding")) {
		return content
	}
	answer.Set("Content-Encoding", "gzip")
	return zip(content)
}

// takesGzip says whether an Accept-Encoding header allows gzip, by its name or
// else by a star.
func takesGzip(header []string) bool {
	others := false
	for _, item := range choices(header) {
		switch item.name {
		case "gzip":
			return item.weight > 0
		case "*":
			others = item.weight > 0
		}
	}
	return others
}

// writers are as many as processors, since to compress takes nothing else; nil
// until it is used. One holds hundreds of kilobytes, so that one for each of a
// thousand requests at once would fill the memory.
var writers = func() chan *gzip.Writer {
	idle := make(chan *gzip.Writer, runtime.GOMAXPROCS(0))
	for range cap(idle) {
		idle <- nil
	}
	return idle
}()

// zip waits for a writer, and no longer than others need it: it writes to
// memory, so that no slow client holds one.
func zip(content []byte) []byte {
	writer := <-writers
	defer func() { writers <- writer }()
	var buffer bytes.Buffer
	if writer == nil {
		writer = gzip.NewWriter(&buffer)
	} else {
		writer.Reset(&buffer)
	}
	writer.Write(content) // to memory, which does not fail
	writer.Close()
	return buffer.Bytes()
}
