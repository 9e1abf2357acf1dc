package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"menshen/store/bolt"
	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
	"menshen/wechat/wechattest"
)

const benchClients = 64

// BenchmarkLoginHTTP is the whole way of a login, a durable store and a call of
// the simulator in it, for a lone client and for many, who share the commits of a file.
func BenchmarkLoginHTTP(b *testing.B) {
	for engine, newStore := range engines {
		for _, clients := range []int{1, benchClients} {
			b.Run(fmt.Sprintf("%s/clients=%d", engine, clients), func(b *testing.B) {
				bench := newBench(b, newStore(b))
				var users atomic.Int64
				before := bench.commits()
				inParallel(b, clients, func() {
					bench.login(b, fmt.Sprintf("user-%d", users.Add(1)%50_000))
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "logins/s")
				if commits := bench.commits() - before; commits > 0 {
					b.ReportMetric(float64(commits)/float64(b.N), "commits/op")
				}
			})
		}
	}
}

// engines are where a new store can be, by the names of the benchmarks.
var engines = map[string]func(*testing.B) storeSettings{"bolt": inFile, "mariadb": inDatabase}

func inFile(b *testing.B) storeSettings {
	dir := b.TempDir()
	return storeSettings{storeURL("bolt:" + filepath.Join(dir, "menshen.db")), filepath.Join(dir, "menshen.key")}
}

func inDatabase(b *testing.B) storeSettings {
	b.Helper()
	node, key := mysqltest.Shared(b), filepath.Join(b.TempDir(), "menshen.key")
	if _, err := seal.KeyFile(key).Key(true); err != nil {
		b.Fatal(err)
	}
	return storeSettings{storeURL(mysqltest.URL(node.NewDatabase(b), node)), key}
}

// BenchmarkMe is the way of every later call: a token verified, the session read.
func BenchmarkMe(b *testing.B) {
	for _, clients := range []int{1, benchClients} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			bench := newBench(b, inFile(b))
			token := bench.login(b, "mei")
			inParallel(b, clients, func() {
				bench.ask(b, token, `{"query":"{ me { id } }"}`, &struct{}{})
			})
		})
	}
}

// inParallel runs b.N turns on so many clients.
func inParallel(b *testing.B, clients int, turn func()) {
	if clients == 1 {
		for b.Loop() {
			turn()
		}
		return
	}
	b.SetParallelism((clients + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			turn()
		}
	})
}

// bench is a server in this process, with its simulator and its clients.
type bench struct {
	server *server
	sim    *wechattest.Simulator
	http   *http.Client
}

func newBench(b *testing.B, where storeSettings) bench {
	b.Helper()
	sim := wechattest.New(b)
	s := parsed(b, "--store", string(where.Store), "--key-file", where.KeyFile, "--addr", "127.0.0.1:0", "--metrics-addr", "127.0.0.1:0",
		"--app", wechattest.DevAppID+"="+wechattest.DevAppSecret, "--rate-limit", "0", "--rate-limit-user", "0", "--login-failures", "0")
	ctx, stop := context.WithCancel(context.Background())
	server, err := listen(ctx, s, sim.URL(), development, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	transport := &http.Transport{MaxIdleConnsPerHost: benchClients}
	b.Cleanup(transport.CloseIdleConnections)
	return bench{server, sim, &http.Client{Transport: transport}}
}

// commits is how many transactions have been written to a file; none to a database.
func (be bench) commits() uint64 {
	if file, isFile := be.server.store.(*bolt.Store); isFile {
		return file.Commits()
	}
	return 0
}

// login logs a user in and returns the access token.
func (be bench) login(b *testing.B, user string) string {
	phone, err := be.sim.Login(wechattest.DevAppID, user)
	if err != nil {
		b.Error(err)
	}
	var data struct{ Login struct{ AccessToken string } }
	be.ask(b, "", `{"query":"mutation { login(code: \"`+phone.Code+`\") { accessToken } }"}`, &data)
	if data.Login.AccessToken == "" {
		b.Error("a login gave no token")
	}
	return data.Login.AccessToken
}

// ask sends a request and reads the data of its answer.
func (be bench) ask(b *testing.B, bearer, body string, data any) {
	request, err := http.NewRequest(http.MethodPost, "http://"+be.server.addr()+"/graphql", bytes.NewReader([]byte(body)))
	if err != nil {
		b.Error(err)
		return
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+bearer)
	response, err := be.http.Do(request)
	if err != nil {
		b.Error(err)
		return
	}
	defer response.Body.Close()
	answer := struct {
		Data   any
		Errors []json.RawMessage
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || len(answer.Errors) > 0 {
		b.Errorf("answer: %v %s", err, answer.Errors)
	}
	io.Copy(io.Discard, response.Body) // so that the connection is used again
}
