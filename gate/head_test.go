package gate_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"menshen/gate"
)

const headLines = 100

// post is a request whose head has so many lines.
func post(lines int, lineEnd, body string) string {
	head := []string{"POST / HTTP/1.1", "Host: menshen", fmt.Sprint("Content-Length: ", len(body))}
	for len(head) < lines {
		head = append(head, "A: b")
	}
	return strings.Join(append(head, "", body), lineEnd)
}

// refused is when the server ends the connection.
const refused = "refused"

func TestAHeadOfTooManyLinesEndsTheConnection(t *testing.T) {
	const crlf, lf = "\r\n", "\n"
	tall := strings.Repeat("\n", 3*headLines) // as JSON is printed for people
	folded := strings.Replace(post(headLines-1, crlf, ""), "A: b", "A:\r\n b", 1)
	tests := []struct {
		name  string
		sends []string // each when the one before was answered
		want  []string // what is answered
	}{
		{"as many lines as may be", []string{post(headLines, crlf, "")}, []string{"200 0"}},
		{"one more", []string{post(headLines+1, crlf, "")}, []string{refused}},
		{"LF alone", []string{post(headLines, lf, "")}, []string{"200 0"}},
		{"LF alone, one more", []string{post(headLines+1, lf, "")}, []string{refused}},
		{"a blank line of CRLF behind LF", []string{strings.Replace(post(headLines, lf, tall), "\n\n", "\n\r\n", 1)}, []string{"200 300"}},
		{"a blank line of LF behind CRLF", []string{strings.Replace(post(headLines, crlf, tall), "\r\n\r\n", "\r\n\n", 1)}, []string{"200 300"}},
		{"a folded line", []string{folded}, []string{"200 0"}},
		{"a folded line and one more", []string{strings.Replace(folded, "A: b", "A: b\r\nA: b", 1)}, []string{refused}},
		{"a head that does not end", []string{strings.TrimSuffix(post(headLines+1, crlf, ""), crlf)}, []string{refused}},
		{"a tall body", []string{post(headLines, crlf, tall)}, []string{"200 300"}},
		{"a tall body behind LF alone", []string{post(headLines, lf, tall)}, []string{"200 300"}},
		{"kept alive", []string{post(headLines, crlf, tall), post(headLines, crlf, tall)}, []string{"200 300", "200 300"}},
		{"kept alive, one more", []string{post(headLines, crlf, tall), post(headLines+1, crlf, "")}, []string{"200 300", refused}},
		{"pipelined", []string{strings.Repeat(post(headLines, crlf, tall), 9)}, slices.Repeat([]string{"200 300"}, 9)},
		{"pipelined, LF alone", []string{strings.Repeat(post(headLines, lf, tall), 9)}, slices.Repeat([]string{"200 300"}, 9)},
	}
	for _, test := range tests {
		for _, most := range []int{1, 2, 7, 4096} {
			t.Run(fmt.Sprint(test.name, "/", most), func(t *testing.T) {
				addr := serveHeads(t, func(conn net.Conn) net.Conn { return &piecewise{Conn: conn, most: most} })
				exchange(t, addr, test.sends, test.want)
			})
		}
	}
}

// TestRequestsMayBeCutAnywhere cuts three that are pipelined, each with all the
// lines that may be in a head and more in a body, at every byte.
func TestRequestsMayBeCutAnywhere(t *testing.T) {
	for _, lineEnd := range []string{"\r\n", "\n"} {
		requests := strings.Repeat(post(headLines, lineEnd, strings.Repeat("\n", 2*headLines)), 3)
		cut := 0
		addr := serveHeads(t, func(conn net.Conn) net.Conn {
			cut++
			return &piecewise{Conn: conn, first: cut, most: 4096}
		})
		for range len(requests) - 1 {
			exchange(t, addr, []string{requests}, slices.Repeat([]string{"200 200"}, 3))
		}
		if cut != len(requests)-1 {
			t.Errorf("%d connections were cut, want %d", cut, len(requests)-1)
		}
	}
}

// TestWhatTakesAConnectionOverIsNotCounted speaks no HTTP any more, as a WebSocket.
func TestWhatTakesAConnectionOverIsNotCounted(t *testing.T) {
	addr := serveHeads(t, func(conn net.Conn) net.Conn { return conn })
	takeOver := "CONNECT / HTTP/1.1\r\nHost: menshen\r\n\r\n"
	exchange(t, addr, []string{takeOver, strings.Repeat("\n", 3*headLines)}, []string{"200 0", "200 300"})
}

func TestAnyNumberOfHeadLines(t *testing.T) {
	addr := serve(t, gate.Caps{}, func(conn net.Conn) net.Conn { return conn })
	exchange(t, addr, []string{post(5*headLines, "\n", "")}, []string{"200 0"})
}

// exchange fails the test unless a connection that sends these is answered so: each
// as often, before the next is sent.
func exchange(t *testing.T, addr string, sends, want []string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	var got []string
	for _, send := range sends {
		if _, err := io.WriteString(conn, send); err != nil {
			t.Fatal(err)
		}
		for range len(want) / len(sends) {
			got = append(got, answer(answers))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
}

// answer reads a status and a body. A server that ends the connection says 400
// first, which gets lost where it has not read all that was sent.
func answer(r *bufio.Reader) string {
	response, err := http.ReadResponse(r, nil)
	if err != nil || response.StatusCode == http.StatusBadRequest {
		return refused
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", response.StatusCode, body)
}

func serveHeads(t *testing.T, wrap func(net.Conn) net.Conn) (addr string) {
	return serve(t, gate.Caps{HeadLines: headLines}, wrap)
}

// serve answers over connections that are wrapped below the gate. It answers how
// long a body is.
func serve(t *testing.T, caps gate.Caps, wrap func(net.Conn) net.Conn) (addr string) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(measure), ConnState: func(conn net.Conn, state http.ConnState) {
		switch state {
		case http.StateIdle:
			conn.(*gate.Conn).BeginHead()
		case http.StateActive:
			conn.(*gate.Conn).EndHead()
		}
	}}
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(gate.Listen(wrapping{inner, wrap}, caps)) }) // until it is closed
	t.Cleanup(func() { server.Close(); serving.Wait() })
	return inner.Addr().String()
}

// measure answers the length of a body, and over a connection that it takes over
// that of one that is known to come.
func measure(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		length, _ := io.Copy(io.Discard, r.Body) // what is missing shows in the length
		fmt.Fprint(w, length)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	for _, length := range []int64{0, 3 * headLines} {
		read, _ := io.CopyN(io.Discard, buffered, length)
		text := fmt.Sprint(read)
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	}
}

// wrapping is a listener that wraps what it accepts.
type wrapping struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (w wrapping) Accept() (net.Conn, error) {
	conn, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return w.wrap(conn), nil
}

// piecewise reads in pieces: the first of exactly so many bytes, unless that is 0,
// the others of so many at most.
type piecewise struct {
	net.Conn
	first, most int
}

func (p *piecewise) Read(b []byte) (int, error) {
	if first := min(p.first, len(b)); first > 0 {
		p.first -= first
		return io.ReadFull(p.Conn, b[:first])
	}
	return p.Conn.Read(b[:min(p.most, len(b))])
}
