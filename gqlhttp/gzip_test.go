package gqlhttp_test

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// compressed sends a request and returns the answer's coding and its content,
// decompressed.
func (s *server) compressed(t *testing.T, document, acceptEncoding string) (coding, content string) {
	t.Helper()
	r := asking(plain, document, nil)
	if acceptEncoding != "" {
		r.Header.Set("Accept-Encoding", acceptEncoding)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	var body io.Reader = w.Body
	if coding = w.Header().Get("Content-Encoding"); coding == "gzip" {
		unpacked, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = unpacked
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return coding, string(b)
}

func TestCompression(t *testing.T) {
	const query, mutation = "{ name }", `mutation { feed(name: "Rex") { name } }`
	for name, test := range map[string]struct {
		length         int
		document       string
		acceptEncoding string
		want           string
	}{
		"a long answer":           {1400, query, "gzip", "gzip"},
		"a short answer":          {1399, query, "gzip", ""},
		"no header":               {5000, query, "", ""},
		"a browser's":             {5000, query, "gzip, deflate, br, zstd", "gzip"},
		"spelt large":             {5000, query, "GZIP", "gzip"},
		"by a star":               {5000, query, "br;q=1.0, *;q=0.1", "gzip"},
		"forbidden":               {5000, query, "gzip;q=0, br", ""},
		"forbidden, but for none": {5000, query, "*;q=0, identity", ""},
		"forbidden before a star": {5000, query, "*, gzip;q=0", ""},
		"another":                 {5000, query, "br", ""},
		"garbage":                 {5000, query, "gzip;q=much, ;;", ""},
		"to a mutation":           {5000, mutation, "gzip", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(false)
			frame := len(`{"data":{"name":""}}` + "\n")
			s.data = `{"name":"` + strings.Repeat("x", test.length-frame) + `"}`
			coding, content := s.compressed(t, test.document, test.acceptEncoding)
			if want := `{"data":` + s.data + "}\n"; coding != test.want || content != want {
				t.Errorf("coding %q, want %q; %d bytes, want %d", coding, test.want, len(content), len(want))
			}
		})
	}
}

// TestCompressionAtOnce has many answers share few writers.
func TestCompressionAtOnce(t *testing.T) {
	var group sync.WaitGroup
	for i := range 8 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			s := newServer(false)
			s.data = `{"name":"` + strings.Repeat(string(rune('a'+i%26)), 5000) + `"}`
			if coding, content := s.compressed(t, "{ name }", "gzip"); coding != "gzip" || content != `{"data":`+s.data+"}\n" {
				t.Errorf("coding %q, %d bytes, want those of answer %d", coding, len(content), i)
			}
		})
	}
	group.Wait()
}

func TestVary(t *testing.T) {
	got := newServer(false).do(t, asking(plain, "{ name }", nil))
	if vary := strings.Join(got.header.Values("Vary"), ", "); vary != "Accept-Encoding, Accept" {
		t.Errorf("Vary %q", vary)
	}
}
